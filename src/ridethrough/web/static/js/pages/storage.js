// One NAS or SAN: how it is, how it goes down, what feeds it, and who uses it.
import { covers, whoAmI } from "../api.js";
import { h, refill, setText } from "../dom.js";
import { changeSection } from "../equipment/editor.js";
import { live, siteNow } from "../live.js";
import { facts } from "../storage/facts.js";
import { feeders, holds, users } from "../storage/lists.js";
import { present } from "../storage/now.js";
import { wayWords } from "../storage/words.js";
import { button, linkButton } from "../ui/button.js";
import { empty } from "../ui/status.js";

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const place = document.getElementById("storage");
setText(document.getElementById("title"), id);
document.title = `${id} · ${document.title}`;
const change = button("Change…", { symbol: "edit", onClick: () => void changeSection("storage", id) });
refill(document.getElementById("tools"), linkButton("The site", "/", { symbol: "left", kind: "quiet" }), change);
change.hidden = true;
whoAmI().then(({ role }) => (change.hidden = !covers(role, "administer")));

let shown = null;
live.subscribe((state) => [state.nas, state.upses, state.hosts, state.storage, state.pulse], () => {
  const row = live.state.nas.get(id);
  if (!row) {
    shown = null;
    return refill(place, h("section", { class: "panel" }, empty("storage", `site.toml names no NAS or SAN "${id}".`, linkButton("The site", "/"))));
  }
  shown ??= begin();
  setText(document.getElementById("lead"), [row.address, wayWords(row).name].join(" · "));
  return shown.forEach((part) => part.update(row, live.state, siteNow()));
});

function begin() {
  const [now, told, fed, used, kept] = [present(), facts(), feeders(), users(), holds()];
  refill(place, now.el, h("div", { class: "storage-columns" }, told.el, fed.el, used.el, kept.el));
  return [now, told, fed, used, kept];
}
