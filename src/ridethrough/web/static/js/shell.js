// What stands around every page: the site's name, its mode, the age of the data, the banner, the navigation, the user.
import { covers, forget, del, whoAmI } from "./api.js";
import { h, icon, refill, setData, setText } from "./dom.js";
import { follow, live, siteNow } from "./live.js";
import { modeBadge } from "./mode.js";
import { outageBanner } from "./outage/banner.js";
import { isOld } from "./store.js";
import { clock, duration } from "./time.js";
import { menu } from "./ui/menu.js";
import { toastError } from "./ui/toast.js";

const ON_THE_BAR = 4; // entries of the navigation that stay in sight on a phone

const AGAIN_AFTER = 3000; // ms until a server that did not answer is asked again

start();
admit();

function start() {
  foldNavigation();
  showAge();
  live.subscribe((state) => state.site.site, (name) => {
    setText(document.getElementById("site-name"), name);
    document.title = `${document.title.split(" · ")[0]} · ${name}`;
  });
  live.subscribe((state) => bannerOf(state), showBanner, { always: true });
  outageBanner(live, document.getElementById("outage-banner"), document.body.dataset.page);
}

// Nothing is told to a page before it is known who looks at it.
async function admit() {
  let me;
  try {
    me = await whoAmI();
  } catch (error) {
    showBanner(JSON.stringify(["lost", "No data", error.message]));
    setTimeout(admit, AGAIN_AFTER);
    return;
  }
  showBanner("");
  document.getElementById("top-user").replaceChildren(userMenu(me));
  document.getElementById("top-state").replaceChildren(modeBadge(live, covers(me.role, "operate") ? "" : `This needs the role "operate"; you have "${me.role}".`));
  follow();
}

/** What the banner says: [tone, headline, text], or nothing. A string is compared, so it is told only when it changes. */
function bannerOf({ link, pulse, site, ready, speed }) {
  if (link === "stale") return JSON.stringify(["lost", "DATA STALE", `No word from the server. What you see is from ${clock(pulse.now - (pulse.age ?? 0), pulse.now)}.`]);
  if (!ready) return "";
  if (!pulse.running) return JSON.stringify(["lost", "The controller does not run", "Nobody protects this site. Start it with: ridethrough run."]);
  if (isOld({ pulse, speed })) return JSON.stringify(["lost", "DATA STALE", "The controller has not written its status for a while. See its log."]);
  if (pulse.trouble) return JSON.stringify(["warning", "The controller's files cannot be read", pulse.trouble]);
  if (site.journal_trouble) return JSON.stringify(["lost", "The journal cannot be written: nothing is done", site.journal_trouble]);
  return "";
}

function showBanner(text) {
  const place = document.getElementById("banner");
  setData(document.body, "stale", text.includes("DATA STALE") || text.includes("does not run") ? "" : null);
  if (!text) return place.replaceChildren();
  const [tone, headline, words] = JSON.parse(text);
  return place.replaceChildren(
    h("div", { class: "banner", role: "alert", data: { tone } }, icon(tone === "lost" ? "lost" : "warning"), h("strong", {}, headline), h("span", {}, words)),
  );
}

function showAge() {
  const dot = h("span", { class: "pulse", "aria-hidden": "true" });
  const before = h("span", { class: "words", hidden: true }, "Data ");
  const value = h("span", {}, "Connecting …");
  const after = h("span", { class: "words", hidden: true }, " old");
  const place = document.getElementById("top-age");
  place.append(dot, before, value, after); // on a phone the age alone
  const show = () => {
    const { link, pulse, ready, speed } = live.state;
    if (!ready) return;
    const since = live.beatAt === null ? 0 : (performance.now() / 1000 - live.beatAt) * speed;
    const age = pulse.age === null ? null : pulse.age + since;
    const bad = link === "stale" || !pulse.running || isOld({ pulse, speed });
    setData(place, "tone", bad ? "danger" : "good");
    place.title = `The site's time is ${clock(siteNow(), siteNow())}`;
    before.hidden = after.hidden = age === null;
    setText(value, age === null ? "No data yet" : duration(age));
  };
  setInterval(show, 1000);
  live.subscribe((state) => [state.link, state.pulse], show);
}

function userMenu(me) {
  const opener = h("button", { type: "button", class: "button quiet", "aria-label": `${me.name}: theme, log out` }, icon("user"), h("span", { class: "user-name" }, me.name), icon("down"));
  const theme = () => document.documentElement.dataset.theme ?? "system";
  const choice = (value, label, symbol) => ({ label, symbol, checked: theme() === value, onPick: () => setTheme(value) });
  return menu(
    opener,
    () => [
      { heading: `${me.name} may ${me.role}` },
      choice("system", "As the system", "system"),
      choice("light", "Light", "sun"),
      choice("dark", "Dark", "moon"),
      { label: "Log out", symbol: "out", onPick: logOut },
    ],
    "You",
  );
}

function setTheme(value) {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  try {
    if (value === "system") localStorage.removeItem("ridethrough.theme");
    else localStorage.setItem("ridethrough.theme", value);
  } catch {
    // storage is forbidden here: the choice lasts as long as the page
  }
}

async function logOut() {
  try {
    await del("/session");
    forget();
    location.assign("/login");
  } catch (error) {
    toastError(error);
  }
}

// On a phone the bar holds four entries; the others are behind "More".
function foldNavigation() {
  const entries = [...document.querySelectorAll("#nav li:not(.nav-more)")];
  if (entries.length <= ON_THE_BAR + 1) return;
  const current = entries.findIndex((li) => li.querySelector("[aria-current]"));
  const folded = entries.filter((_, n) => n >= ON_THE_BAR);
  for (const li of folded) li.classList.add("folded");
  const opener = h("button", { type: "button" }, icon("more"), h("span", {}, current >= ON_THE_BAR ? entries[current].textContent.trim() : "More"));
  const items = () => folded.map((li) => ({ label: li.textContent.trim(), href: li.firstElementChild.getAttribute("href"), symbol: li.querySelector("use").getAttribute("href").slice(3) }));
  const place = document.querySelector("#nav .nav-more");
  refill(place, menu(opener, items, "More pages"));
  place.hidden = false;
}
