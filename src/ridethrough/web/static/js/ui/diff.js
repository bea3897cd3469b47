// A unified diff, shown so that it can be told without colours too.
import { h } from "../dom.js";

/** The lines of a diff; what was taken away and what was added are named for screen readers. */
export function diffView(text, label = "The change of site.toml") {
  const lines = text.split("\n").filter((line, n, all) => !(line === "" && n === all.length - 1) && !/^(---|\+\+\+) /.test(line));
  const shown = lines.map((line) => {
    if (line.startsWith("@@")) return h("span", { class: "diff-place" }, "…\n");
    if (line.startsWith("+")) return h("ins", {}, `${line}\n`);
    if (line.startsWith("-")) return h("del", {}, `${line}\n`);
    return `${line}\n`;
  });
  return h("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": label }, h("code", {}, shown));
}
