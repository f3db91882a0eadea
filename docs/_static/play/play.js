/* What the pages that answer without a kernel have in common. */

// A global of the page, for the scripts that follow.
var play = (function () {
  "use strict";

  const MINUS = "\u2212";

  function say(number, digits = 2) {
    const text = Math.abs(number).toFixed(digits);
    return number < 0 && Number(text) !== 0 ? MINUS + text : text;
  }

  /** A new element; a property that it does not have becomes an attribute. */
  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties))
      if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** A list of questions {ask, choices, right, tell}: a guess first, then `show(question)` and the answer. */
  function askQuestions(questions, show = () => {}) {
    const list = make("ol", {className: "play-questions"});
    questions.forEach((question, number) => {
      const answer = make("p", {className: "play-answer", role: "status", hidden: true});
      const choices = make("fieldset", {}, make("legend", {textContent: question.ask}));
      question.choices.forEach((text, k) => {
        const radio = make("input", {type: "radio", name: `question-${number}`, value: k});
        choices.append(make("label", {}, radio, ` ${text}`));
      });
      const button = make("button", {type: "button", textContent: "Show me"});
      button.addEventListener("click", () => {
        const chosen = choices.querySelector("input:checked");
        answer.hidden = false;
        if (!chosen) {
          answer.textContent = "Choose one first. A guess, even a wild one, makes the answer stick.";
          return;
        }
        const right = Number(chosen.value) === question.right;
        const verdict = right ? "Yes." : `Rather: ${question.choices[question.right]}.`;
        answer.textContent = `${verdict} ${question.tell}`;
        show(question);
      });
      list.append(make("li", {}, choices, button, answer));
    });
    return list;
  }

  return {make, say, MINUS, askQuestions};
})();
