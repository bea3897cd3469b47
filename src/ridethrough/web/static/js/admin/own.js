// One's own account: password, and where one is logged in.
import { ApiError, del, get, put } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { ago } from "../time.js";
import { button } from "../ui/button.js";
import { field, form } from "../ui/form.js";
import { table } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { panel, section } from "./panel.js";

export function ownPanel(me) {
  const made = panel(async (place) => {
    const rows = await get("/sessions");
    const list = table(
      [
        { key: "name", label: "Who", lead: true, sort: (row) => row.name, cell: (row) => (row.current ? `${row.name} (this one)` : row.name) },
        { key: "address", label: "From", sort: (row) => row.address, cell: (row) => row.address },
        { key: "agent", label: "Browser", cell: (row) => row.agent || "not told" },
        { key: "seen_at", label: "Last seen", sort: (row) => row.seen_at, cell: (row) => ago(row.seen_at, siteNow()) },
        { key: "do", label: "", end: true, cell: (row) => [row.current ? "" : button("End", { kind: "quiet small", label: `End the session from ${row.address}`, onClick: () => end(row) })] },
      ],
      { caption: "Sessions", noun: ["session", "sessions"] },
    );
    list.update(rows);
    refill(place, h("section", { class: "panel" }, h("h2", {}, `${me.name}, role ${me.role}`), passwordForm().el), section("Where you are logged in", [], list.el));
  });

  async function end(row) {
    await del(`/sessions/${encodeURIComponent(row.id)}`);
    toast("The session has ended.");
    made.load();
  }

  return made;
}

function passwordForm() {
  const old = field("old", "Password now", { type: "password", required: true, attrs: { autocomplete: "current-password" } });
  const fresh = field("new", "New password", { type: "password", required: true, hint: "10 characters or more. Your other sessions and your tokens end.", attrs: { autocomplete: "new-password", minlength: 10 } });
  const again = field("again", "New password again", { type: "password", required: true, attrs: { autocomplete: "new-password" } });
  return form({
    fields: [old, fresh, again],
    submit: "Change the password",
    onSubmit: async (values) => {
      if (values.new !== values.again) throw new ApiError(422, "", { again: "The two passwords differ." });
      await put("/session/password", { old: values.old, new: values.new });
      for (const one of [old, fresh, again]) one.value = "";
      toast("The password is changed.");
      location.reload(); // the session is a new one
    },
  });
}
