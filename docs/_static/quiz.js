/* Quizzes that mark themselves. Without this script a page shows the questions, and the answers in <details>. */

(function () {
  "use strict";

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  const results = new Map(); // quiz -> whether its last answer was right

  function tellTotal(quiz) {
    let total = quiz;
    while (total && !total.matches(".quiz-total")) total = total.nextElementSibling;
    if (!total) return;
    const group = [];
    for (let one = total.previousElementSibling; one; one = one.previousElementSibling) {
      if (one.matches(".quiz")) group.push(one);
      else if (one.matches(".quiz-total")) break;
    }
    const right = group.filter(one => results.get(one)).length;
    const missing = group.filter(one => !results.has(one)).length;
    total.textContent =
      `${right} of ${group.length} right.` + (missing ? ` ${missing} not answered yet.` : " All answered.");
  }

  function enliven(quiz, number) {
    const right = quiz.dataset.right.split(" ").map(Number);
    const several = "several" in quiz.dataset;
    const question = quiz.querySelector(":scope > p");
    const list = quiz.querySelector(":scope > ol");
    const reasons = [...quiz.querySelectorAll(":scope > details > ol > li")];
    const legend = make("legend", {}, ...question.childNodes);
    const fieldset = make("fieldset", {}, legend);
    [...list.children].forEach((item, k) => {
      const input = make("input", {
        type: several ? "checkbox" : "radio", name: `quiz-${number}`, value: k + 1,
      });
      const words = [...item.childNodes].flatMap(node => (node.nodeName === "P" ? [...node.childNodes] : [node]));
      // The number is what a label of a formula alone is called by, and what one says in class.
      fieldset.append(make("label", {}, input, make("span", {}, `${k + 1}. `, ...words)));
    });
    const said = make("div", {className: "quiz-said"});
    said.setAttribute("role", "status");
    const form = make("form", {}, fieldset, make("button", {type: "submit", textContent: "Check"}), said);
    form.addEventListener("submit", event => {
      event.preventDefault();
      const chosen = [...fieldset.querySelectorAll("input:checked")].map(input => Number(input.value));
      if (!chosen.length) {
        said.replaceChildren(make("p", {textContent: "Choose an answer first."}));
        return;
      }
      const hits = chosen.filter(k => right.includes(k)).length;
      const all = hits === chosen.length && hits === right.length;
      results.set(quiz, all);
      const verdict = all ? "Right." : hits === chosen.length ? "Right so far, but something is missing." : "Not right yet.";
      const told = all ? reasons.map((_, k) => k + 1) : chosen;
      const why = make("ol", {}, ...told.map(k => make("li", {value: k}, ...reasons[k - 1].cloneNode(true).childNodes)));
      said.replaceChildren(make("p", {className: "quiz-verdict", textContent: verdict}), why);
      tellTotal(quiz);
    });
    question.remove();
    list.replaceWith(form);
  }

  document.querySelectorAll(".quiz").forEach(enliven);
  document.querySelectorAll(".quiz-total").forEach(total => total.setAttribute("role", "status"));
})();
