/* An LSTM cell to touch: a tape of inputs runs through one unit, gate by gate, and every gate can be held by hand.

Every element with data-play="cell" becomes one; with data-brief only the note-taker, without the questions.
The weights are those of lesson 04, set by hand or found by its training: tests/browser/test_play.py compares. */

(function () {
  "use strict";

  const {lstmStep, matrix, zeroState} = recurrent;
  const {make, say, MINUS, askQuestions} = play;
  const STEPS = 16;
  const PACE = 450; // milliseconds for one step of the tape

  /** Weights of one unit from rows [hidden, …inputs, bias]; `scale` is the weight of the output. */
  function unit(rows, scale) {
    const parameters = {scale};
    for (const gate in rows) {
      const weights = rows[gate].slice(0, -1);
      parameters["W" + gate] = matrix(1, weights.length, weights);
      parameters["b" + gate] = matrix(1, 1, rows[gate].slice(-1));
    }
    return parameters;
  }

  const NOTE_INPUTS = [
    {name: "value", states: [-1, 1]},
    {name: "write", states: [0, 1]},
    {name: "show", states: [0, 1]},
  ];
  const NOTE_TAPE = [
    [1, -1, -1, 1, -1, -1, 1, 1, -1, 1, 1, 1, -1, 1, -1, 1],
    [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    [0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0],
  ];
  const ONE_NOTE = [NOTE_TAPE[0], NOTE_TAPE[1].map((_, t) => (t === 0 ? 1 : 0)), NOTE_TAPE[2]];

  const CELLS = {
    note: {
      title: "a note-taker, set by hand",
      about:
        "It reads a value and two flags. On “write” it notes the value, on “show” it answers with the note; " +
        "the other values are there to distract. One LSTM unit is enough.",
      inputs: NOTE_INPUTS,
      tape: NOTE_TAPE,
      parameters: unit(
        {f: [0, 0, -20, 0, 10], i: [0, 0, 20, 0, -10], c: [0, 3, 0, 0, 0], o: [0, 0, 0, 20, -10]},
        1 / Math.tanh(Math.tanh(3)),
      ),
    },
    trained: {
      title: "a note-taker, trained",
      about: "The same task. Nobody set these weights: they were learned from examples, in lesson 04.",
      inputs: NOTE_INPUTS,
      tape: NOTE_TAPE,
      parameters: unit(
        {
          f: [-0.5487, 0.0234, -7.3102, 0.1143, 3.873],
          i: [-0.346, -1.3895, 5.478, 0.0336, -2.6969],
          c: [0.0634, 1.3463, -1.044, 0.0379, 1.3159],
          o: [0.0249, 0.0033, -0.1239, 4.9508, -4.1288],
        },
        2.3388,
      ),
    },
    count: {
      title: "a counter of brackets",
      about:
        "It reads brackets. The cell state goes up by 1 at “(” and down by 1 at “)”: it holds how many are open.",
      inputs: [
        {name: "(", states: [0, 1]},
        {name: ")", states: [0, 1]},
      ],
      exclusive: true,
      tape: [..."(()(()))((((((()"].reduce(
        (rows, letter) => {
          rows[0].push(letter === "(" ? 1 : 0);
          rows[1].push(letter === ")" ? 1 : 0);
          return rows;
        },
        [[], []],
      ),
      parameters: unit({f: [0, 0, 0, 15], i: [0, 20, 20, -10], c: [0, 10, -10, 0], o: [0, 0, 0, 10]}, null),
    },
  };
  const GATES = [
    {letter: "f", key: "f", name: "forget gate", lowest: 0},
    {letter: "i", key: "i", name: "update gate", lowest: 0},
    {letter: "c", key: "cc", name: "candidate", lowest: -1},
    {letter: "o", key: "o", name: "output gate", lowest: 0},
  ];

  const QUESTIONS = [
    {
      ask:
        "A note is written once and never again. The forget gate is held at 0.9 while the cell waits. " +
        "After how many steps is half of the note gone?",
      choices: ["1 step", "7 steps", "70 steps"],
      right: 1,
      cell: "note",
      tape: ONE_NOTE,
      held: {f: 0.9},
      waiting: true,
      tell:
        "A gate of 0.9 keeps 0.9 of the note at every step, so 0.9⁷ ≈ 0.48 after seven. At 0.99 it would take 69: " +
        "near 1, small differences are large.",
    },
    {
      ask: "Now the update gate is held a little open, at 0.1, while the cell waits. What becomes of the note?",
      choices: [
        "it fades towards 0",
        "it wanders, as every value leaves something behind",
        "nothing: 0.1 is nearly shut",
      ],
      right: 1,
      cell: "note",
      tape: ONE_NOTE,
      held: {i: 0.1},
      waiting: true,
      tell:
        "A tenth of every distracting value is added, and nothing takes it away. The sum walks about at random, " +
        "until the next “write” wipes it.",
    },
    {
      ask: "One gate can be wrong without any harm to the memory. Which?",
      choices: ["the forget gate", "the update gate", "the output gate"],
      right: 2,
      cell: "note",
      tape: NOTE_TAPE,
      held: {o: 1},
      waiting: false,
      tell:
        "Here the output gate is held open all the time. The cell state is as it should be; it is only shown to " +
        "everybody, asked or not.",
    },
    {
      ask:
        "Seven brackets in a row are opened. The cell state counts them. What does the hidden state, which is all that " +
        "the rest of the network sees, say after the third?",
      choices: ["3, then 4, then 5", "0.995, then hardly anything new", "0: the output gate is shut"],
      right: 1,
      cell: "count",
      held: {},
      waiting: false,
      tell:
        "The hidden state is tanh of the cell state: 0.995 at 3, 0.9993 at 4. The count is there, but it can no longer " +
        "be read.",
    },
    {
      ask: "The trained unit got no table of what its gates should do. Where does its output gate stand on “show”?",
      choices: ["at 1, as the one set by hand", "at about two thirds", "anywhere"],
      right: 1,
      cell: "trained",
      held: {},
      waiting: false,
      tell: "About 0.69, and that is enough: the weight after it, 2.34, makes up for the rest. What matters is the product.",
    },
  ];

  /** Everything that the unit does along the tape: for each step its gates, cell state, hidden state and answer. */
  function runTape(cell, tape, held, waiting) {
    let state = zeroState(1, 1);
    return tape[0].map((_, t) => {
      const at = {};
      for (const gate in held) {
        // As in lesson 04: forget gate, update gate and candidate wait where nothing is written, the output gate
        // where nothing is asked for. A counter never waits.
        const flag = cell.exclusive ? null : tape[gate === "o" ? 2 : 1];
        if (!waiting || !flag || flag[t] === 0) at[gate] = held[gate];
      }
      const step = lstmStep(
        matrix(
          tape.length,
          1,
          tape.map(row => row[t]),
        ),
        state,
        cell.parameters,
        at,
      );
      state = {a: step.a, c: step.c};
      const numbers = {held: at};
      for (const key of ["f", "i", "cc", "o", "c", "a"]) numbers[key] = step[key].data[0];
      if (cell.parameters.scale !== null) numbers.answer = cell.parameters.scale * numbers.a;
      return numbers;
    });
  }

  /** Background and ink for a number: paper at 0, purple at 1, orange at −1. The number itself stands in the cell. */
  function paint(element, number) {
    const paper = [246, 243, 250],
      full = number < 0 ? [179, 88, 6] : [84, 39, 143];
    const share = Math.min(1, Math.abs(number));
    const mixed = paper.map((low, k) => Math.round(low + share * (full[k] - low)));
    const [red, green, blue] = mixed.map(part => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    element.style.background = `rgb(${mixed.join(" ")})`;
    element.style.color = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "#000" : "#fff";
  }

  let counter = 0;

  function build(place) {
    const prefix = `cell-${++counter}`,
      brief = "brief" in place.dataset;
    const now = {cell: CELLS.note, tape: [], held: {}, waiting: true, shown: 0, timer: null};
    const table = make("table", {className: "play-tape"});
    const status = make("p", {className: "play-status"});
    status.setAttribute("role", "status");
    const about = make("p", {className: "play-about"});
    const run = make("button", {type: "button", textContent: "Run"});
    const step = make("button", {type: "button", textContent: "One step"});
    const again = make("button", {type: "button", textContent: "Back to the start"});
    const sliders = {};
    let boxes = [];

    function stop() {
      clearInterval(now.timer);
      now.timer = null;
      run.textContent = now.shown < STEPS ? "Run" : "Run again";
    }

    function start() {
      if (now.shown >= STEPS) now.shown = 0;
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
        now.shown = STEPS;
        stop();
        draw(true);
        return;
      }
      run.textContent = "Pause";
      draw(false);
      now.timer = setInterval(() => {
        now.shown += 1;
        const last = now.shown >= STEPS;
        if (last) stop();
        draw(last);
      }, PACE);
    }

    function tellStep(numbers, t) {
      const {cell, tape} = now;
      if (cell.exclusive)
        return (
          `Step ${t + 1}: read “${tape[0][t] ? "(" : ")"}”. The candidate ${say(numbers.cc)} is let in by the update ` +
          `gate at ${say(numbers.i)}; the cell state is ${say(numbers.c)}, the hidden state ${say(numbers.a, 4)}.`
        );
      const [, write, show] = cell.inputs;
      const flags = [tape[1][t] ? write.name : null, tape[2][t] ? show.name : null].filter(Boolean).join(" + ");
      const noted = flags ? ` with ${flags}` : ", no flag";
      return (
        `Step ${t + 1}: read ${tape[0][t] > 0 ? "+1" : MINUS + "1"}${noted}. The forget gate keeps ` +
        `${say(numbers.f)} of the memory, the update gate lets in ${say(numbers.i)} of the candidate ` +
        `${say(numbers.cc)}: the cell state is ${say(numbers.c)}. The answer is ${say(numbers.answer)}.`
      );
    }

    /** Write the numbers of all steps shown so far; `aloud` says the last one to a screen reader, too. */
    function draw(aloud) {
      const steps = runTape(now.cell, now.tape, now.held, now.waiting);
      for (const {key, row, cells} of boxes)
        cells.forEach((box, t) => {
          const visible = t < now.shown,
            number = key ? steps[t][key] : null;
          if (key) {
            box.textContent = visible ? say(number) : "";
            box.classList.toggle("play-held", visible && key !== "c" && key !== "a" && heldAt(steps[t], key));
            if (visible) paint(box, key === "c" && now.cell.exclusive ? number / 7 : number);
            else box.removeAttribute("style");
          } else {
            const value = now.tape[row][t];
            box.textContent =
              now.cell.exclusive || row > 0
                ? value
                  ? now.cell.exclusive
                    ? now.cell.inputs[row].name
                    : "1"
                  : "·"
                : value > 0
                  ? "+1"
                  : MINUS + "1";
            box.setAttribute(
              "aria-label",
              `step ${t + 1}, ${now.cell.inputs[row].name}: ${say(value, 0)}. Press to change`,
            );
          }
          box.closest("td").classList.toggle("play-now", t === now.shown - 1);
        });
      status.textContent = now.shown
        ? tellStep(steps[now.shown - 1], now.shown - 1)
        : "Nothing has been read yet. Press Run, or One step. The numbers of the tape can be pressed, too.";
      status.setAttribute("aria-live", aloud ? "polite" : "off");
      const scroller = table.parentElement,
        current = boxes[0].cells[Math.max(0, now.shown - 1)].closest("td");
      const hidden = current.offsetLeft + current.offsetWidth - scroller.scrollLeft - scroller.clientWidth;
      if (hidden > 0) scroller.scrollLeft += hidden + 8;
      if (now.shown === 0) scroller.scrollLeft = 0;
    }

    function heldAt(numbers, key) {
      return GATES.some(gate => gate.key === key && gate.letter in numbers.held);
    }

    function flip(row, t) {
      const {states} = now.cell.inputs[row];
      now.tape[row][t] = states[0] + states[1] - now.tape[row][t];
      if (now.cell.exclusive) now.tape[1 - row][t] = 1 - now.tape[row][t];
      draw(true);
    }

    function buildTable() {
      const head = make("tr", {}, make("th", {scope: "col", textContent: "step"}));
      for (let t = 0; t < STEPS; t++) head.append(make("th", {scope: "col", textContent: t + 1}));
      boxes = [];
      const body = make("tbody");
      const addRow = (name, key, row) => {
        const line = make(
          "tr",
          {className: key ? "" : "play-read"},
          make("th", {scope: "row", textContent: name}),
        );
        const cells = now.tape[0].map((_, t) => {
          const box = key ? make("td") : make("button", {type: "button"});
          if (!key) box.addEventListener("click", () => flip(row, t));
          line.append(key ? box : make("td", {}, box));
          return box;
        });
        boxes.push({key, row, cells});
        body.append(line);
      };
      now.cell.inputs.forEach((input, row) => addRow(input.name, null, row));
      for (const gate of GATES) addRow(gate.name, gate.key);
      addRow("cell state", "c");
      addRow("hidden state", "a");
      if (now.cell.parameters.scale !== null) addRow("answer", "answer");
      table.replaceChildren(
        make("caption", {textContent: `The tape, and one LSTM unit: ${now.cell.title}`}),
        make("thead", {}, head),
        body,
      );
    }

    function choose(name, {tape, held = {}, waiting = true} = {}) {
      stop();
      now.cell = CELLS[name];
      now.tape = (tape ?? now.cell.tape).map(row => [...row]);
      now.held = {...held};
      now.waiting = waiting;
      now.shown = 0;
      about.textContent = now.cell.about;
      for (const gate of GATES) {
        const {box, range, output} = sliders[gate.letter];
        box.checked = gate.letter in held;
        if (box.checked) range.value = held[gate.letter];
        output.textContent = say(Number(range.value));
      }
      if (picker) picker.value = name;
      when.value = waiting ? "waiting" : "always";
      buildTable();
      draw(false);
      run.textContent = "Run";
    }

    const picker = brief ? null : make("select", {id: `${prefix}-cell`});
    picker?.append(
      ...Object.entries(CELLS).map(([value, {title}]) => make("option", {value, textContent: title})),
    );
    picker?.addEventListener("change", () => choose(picker.value));

    const holds = make(
      "fieldset",
      {className: "play-holds"},
      make("legend", {textContent: "Hold a gate by hand"}),
    );
    for (const gate of GATES) {
      const box = make("input", {type: "checkbox", id: `${prefix}-${gate.letter}`});
      const range = make("input", {
        type: "range",
        min: gate.lowest,
        max: 1,
        step: 0.01,
        value: gate.letter === "f" ? 0.9 : 0.1,
      });
      range.setAttribute("aria-label", `where the ${gate.name} is held`);
      const output = make("output", {textContent: say(Number(range.value))});
      const take = () => {
        output.textContent = say(Number(range.value));
        if (box.checked) now.held[gate.letter] = Number(range.value);
        else delete now.held[gate.letter];
        draw(true);
      };
      box.addEventListener("change", take);
      range.addEventListener("input", () => {
        box.checked = true;
        take();
      });
      sliders[gate.letter] = {box, range, output};
      holds.append(
        make("div", {}, box, make("label", {htmlFor: box.id, textContent: gate.name}), range, output),
      );
    }
    const when = make(
      "select",
      {id: `${prefix}-when`},
      make("option", {value: "waiting", textContent: "only where nothing is written (output gate: shown)"}),
      make("option", {value: "always", textContent: "at every step"}),
    );
    when.addEventListener("change", () => {
      now.waiting = when.value === "waiting";
      draw(true);
    });
    holds.append(
      make("div", {className: "play-when"}, make("label", {htmlFor: when.id, textContent: "held"}), when),
    );

    run.addEventListener("click", () => (now.timer ? (stop(), draw(true)) : start()));
    step.addEventListener("click", () => {
      stop();
      now.shown = now.shown >= STEPS ? 1 : now.shown + 1;
      stop();
      draw(true);
    });
    again.addEventListener("click", () => {
      now.shown = 0;
      stop();
      draw(true);
    });

    const scroller = make("div", {className: "play-scroll", tabIndex: 0}, table);
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", "The tape with the gates and states of the unit");
    const bar = make("div", {className: "play-bar"});
    if (picker) bar.append(make("label", {htmlFor: picker.id, textContent: "Cell:"}), picker);
    bar.append(run, step, again);
    place.replaceChildren(bar, about, scroller, status, holds);
    if (!brief)
      place.append(
        askQuestions(QUESTIONS, question => {
          choose(question.cell, question);
          start();
          place.scrollIntoView({block: "start"});
        }),
      );
    choose("note");
    return {start};
  }

  for (const place of document.querySelectorAll('[data-play="cell"]')) {
    const {start} = build(place);
    // On the front page the tape runs once by itself, as soon as it can be seen.
    if ("brief" in place.dataset)
      new IntersectionObserver(
        (entries, observer) => {
          if (entries.some(entry => entry.isIntersecting)) {
            observer.disconnect();
            start();
          }
        },
        {threshold: 0.5},
      ).observe(place);
  }
  window.cellToTouch = {CELLS, runTape};
})();
