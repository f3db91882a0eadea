// What is wider than the page scrolls by itself. Whatever scrolls must be reachable with the keyboard, and only that:
// a stop at every short piece of code would make the way through a page long.
const markScrollable = () => {
  for (const box of document.querySelectorAll("pre, .table-wrapper, .formula, .output")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
    } else {
      box.removeAttribute("tabindex");
    }
  }
};

// When a font arrives, everything gets another width.
addEventListener("load", () => document.fonts.ready.then(markScrollable));
document.fonts.addEventListener("loadingdone", markScrollable);
addEventListener("resize", markScrollable);
