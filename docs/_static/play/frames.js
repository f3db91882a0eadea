/* The sliders of the lessons, without a kernel: each picture was drawn when the site was built.

The element #frames holds, for each figure, {alt, folder, bytes, controls: [{label, values, start}], sentences}.
Pictures and sentences are numbered as in nested loops over the controls, the last one turning fastest. */

(function () {
  "use strict";

  const {make, MINUS} = play;

  function shown(value) {
    return typeof value === "number" ? String(value).replace("-", MINUS) : value;
  }

  /** A slider for numbers, a list for words; `change` is called with the place of the chosen value. */
  function control({label, values, start}, change) {
    const words = values.some((value) => typeof value !== "number");
    // For the eyes: a listener hears the slider's own text, and then the sentence below the picture.
    const now = make("span", {className: "frames-value", textContent: words ? "" : shown(values[start])});
    now.setAttribute("aria-hidden", "true");
    const input = words
      ? make("select", {}, ...values.map((value, place) => new Option(value, place)))
      : make("input", {type: "range", min: 0, max: values.length - 1, step: 1});
    input.value = start;
    function tell() {
      if (words) return;
      now.textContent = shown(values[input.value]);
      input.setAttribute("aria-valuetext", now.textContent);
    }
    tell();
    input.addEventListener("input", () => {
      tell();
      change(Number(input.value));
    });
    return make("label", {className: "frames-control"}, make("span", {textContent: label}), input, now);
  }

  function build(figure, output) {
    const image = output.querySelector("img");
    const status = output.querySelector("p[role=status]");
    const places = figure.controls.map(({start}) => start);
    const kept = [];

    function address(number) {
      return `${figure.folder}${number}.webp`;
    }

    /** Load all pictures when somebody first touches a control, so that none has to be waited for later. */
    function load() {
      if (kept.length) return;
      figure.sentences.forEach((_, number) => {
        kept.push(new Image());
        kept[number].src = address(number);
      });
    }

    function show() {
      const number = figure.controls.reduce((sum, {values}, k) => sum * values.length + places[k], 0);
      // As large as the first picture, which the notebook brought: what follows on the page stays where it is.
      if (!image.hasAttribute("width") && image.naturalWidth) image.width = image.naturalWidth;
      image.src = address(number);
      status.textContent = figure.sentences[number];
    }

    const form = make("form", {className: "play frames"});
    figure.controls.forEach((described, k) => {
      const change = (place) => {
        places[k] = place;
        show();
      };
      form.append(control(described, change));
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const touched of ["focusin", "pointerenter"]) form.addEventListener(touched, load, {once: true});
    // Said in the notebook, where a kernel moves the controls: "Run this cell".
    output.querySelector("p > em").parentElement.replaceWith(form);
  }

  const figures = JSON.parse(document.getElementById("frames").textContent);
  for (const figure of figures) {
    const image = [...document.querySelectorAll("article .output img")].find(({alt}) => alt === figure.alt);
    if (image) build(figure, image.closest(".output"));
  }
})();
