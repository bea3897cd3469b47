// Sets the theme before anything is drawn. A classic script in <head> on purpose: a module would run too late.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("ridethrough.theme");
  } catch {
    // storage is forbidden here: follow the system
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
