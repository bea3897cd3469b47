// Add a pool with its hosts, or UPSs.
import { covers, whoAmI } from "../api.js";
import { poolAdder } from "../add/pool.js";
import { steps } from "../add/steps.js";
import { upsAdder } from "../add/ups.js";
import { h, refill } from "../dom.js";
import { field } from "../ui/form.js";
import { empty } from "../ui/status.js";
import { PRODUCT } from "../words.js";

const PRODUCTS = [["pool", `${PRODUCT.coordinator} (XenServer / XCP-ng pool)`], ["ups", "UPS (network card, or behind a NUT server)"]];
const place = document.getElementById("add");
begin();

async function begin() {
  const { role } = await whoAmI();
  if (!covers(role, "administer")) {
    refill(place, empty("held", `Adding needs the role "administer"; you have "${role}".`));
    return;
  }
  const product = field("product", "Product", { type: "select", choices: PRODUCTS });
  const panels = { pool: poolAdder().el, ups: upsAdder().el };
  const show = () => {
    for (const [name, el] of Object.entries(panels)) el.hidden = name !== product.value;
    history.replaceState(null, "", `#${product.value}`);
  };
  product.input.addEventListener("change", show);
  window.addEventListener("hashchange", fromAddress);
  refill(place, steps(), h("section", { class: "panel product" }, product.el), panels.pool, panels.ups);
  fromAddress();

  function fromAddress() {
    product.value = location.hash === "#ups" ? "ups" : "pool";
    show();
  }
}
