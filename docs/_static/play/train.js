/* Train an LSTM on a list of names, in the page: nothing is sent anywhere.

Every element with data-play="names" becomes one. The training runs in a worker, so that the page stays awake. */

(function () {
  "use strict";

  const {make, say, askQuestions} = play;
  const UNITS = 48,
    BATCH = 16,
    STEPS = 2000,
    RATE = 0.01; // as in assignment 06, somewhat smaller
  const FEWEST = 20,
    MOST = 5000,
    LONGEST = 20,
    LETTERS = 60;
  const SAMPLES = 12;
  const RIVERS =
    "aare adda adige adour aisne aller allier alzette aniene argens ariege arno aube aude avon axe " +
    "barrow berezina biebrza bormida boyne brenta brora bug cam charente cher clyde dal dart dee derwent desna dnieper " +
    "dniester don dordogne dore douro drava drina durance ebro eider elbe elster ems enns esk ettrick evros exe fal " +
    "fulda gail garonne gauja glomma guadalquivir guadiana hamble havel hunte iller inn indre ingul isar isere isonzo " +
    "jagst jalon jarama jihlava kalix kama kemi klar kocher kupa kuban laba lahn lech leine leitha liffey loire loiret " +
    "lot lule luga lys main maritsa marne mayenne medway mersey meuse mincio mino mius moldau morava mosel mulde mur " +
    "naab narew narva neckar nees neisse neman nene neva nidd niers nore oder oglio oise oka olt orkla orne orb ouse " +
    "pechora peene piave pilica po pripyat prut raab rance regen reuss rhine rhone ruhr saale saar sambre san sarthe " +
    "sava segura seim seine sele severn shannon sieg sil simeto siret slaney somme spey spree suir svir sura tagus tamar " +
    "tana tanaro tarn tawe tay tees teme thames tiber ticino tisza torne towy trebbia trent turia tweed tyne ume unstrut " +
    "ural usk vah vardar vecht venta vienne vilaine vistula vltava volga volkhov vrbas waal warta waveney wear welland " +
    "werra weser wharfe wupper wye yare yonne";

  const QUESTIONS = [
    {
      ask:
        "Before any training, every letter looks equally likely to the network. How many bits does it pay for a letter, " +
        "if there are 27 of them (a to z, and the end)?",
      choices: ["0 bits", "about 1 bit", "about 4.75 bits", "27 bits"],
      right: 2,
      tell:
        "That is the logarithm of 27 to base 2, the dashed line at the top of the chart. A new network that starts far " +
        "above it has a fault.",
    },
    {
      ask: "The list is short, and the network has thousands of weights. What will the two curves do?",
      choices: [
        "both fall to 0",
        "both fall together and level out at the same height",
        "the one for names it trains on keeps falling, the one for unseen names turns round",
      ],
      right: 2,
      tell:
        "Soon it learns names by heart. That helps with the names on the list and harms with all others: train on and " +
        "watch the curves part. A longer list puts it off.",
    },
    {
      ask: "At which temperature will most of what it writes stand on your list?",
      choices: ["0.3", "1", "1.7"],
      right: 0,
      tell:
        "A low temperature takes the likeliest letters, and those lead along names it has seen. Move the slider and " +
        "count the ticks.",
    },
  ];

  /** The program of the worker. It is handed over as text, so it sees nothing of what surrounds it here. */
  function work(recurrent) {
    const {adam, backward, dependence, encode, forward, generator, initialize, sample} = recurrent;
    let run = null,
      timer = null;

    function lossOf(names) {
      let total = 0,
        count = 0;
      for (let from = 0; from < names.length; from += 50) {
        const batch = forward(encode(names.slice(from, from + 50), run.letters), run.parameters);
        total += batch.loss * batch.count;
        count += batch.count;
      }
      return total / count / Math.LN2;
    }

    function oneStep() {
      const names = Array.from(
        {length: run.batch},
        () => run.train[Math.floor(run.random() * run.train.length)],
      );
      const batch = encode(names, run.letters),
        output = forward(batch, run.parameters);
      const rate = run.rate * 0.1 ** (run.memory.t / run.steps);
      adam(run.parameters, backward(batch, run.parameters, output), run.memory, rate);
      run.recent.push(output.loss / Math.LN2);
    }

    /** Trains for about a tenth of a second, then listens. */
    function goOn() {
      const until = performance.now() + 100;
      while (performance.now() < until && run.memory.t < run.steps) {
        oneStep();
        if (run.memory.t % run.every === 0) report();
      }
      const done = run.memory.t >= run.steps;
      postMessage({kind: "step", step: run.memory.t, done});
      timer = done ? null : setTimeout(goOn, 0);
    }

    function report() {
      const train = run.recent.reduce((sum, bits) => sum + bits, 0) / run.recent.length;
      run.recent = [];
      postMessage({kind: "loss", step: run.memory.t, train, unseen: lossOf(run.unseen)});
    }

    const answers = {
      start(order) {
        clearTimeout(timer);
        const random = generator(order.seed),
          names = [...order.names];
        for (let k = names.length - 1; k > 0; k--) {
          const other = Math.floor(random() * (k + 1));
          [names[k], names[other]] = [names[other], names[k]];
        }
        const aside = Math.min(200, Math.ceil(names.length / 10));
        run = {
          ...order,
          random,
          train: names.slice(aside),
          unseen: names.slice(0, aside),
          memory: {t: 0},
          recent: [],
          parameters: initialize(order.units, order.letters.length, random),
        };
        postMessage({
          kind: "loss",
          step: 0,
          train: lossOf(run.train.slice(0, 200)),
          unseen: lossOf(run.unseen),
        });
        goOn();
      },
      pause() {
        clearTimeout(timer);
        timer = null;
      },
      resume() {
        if (run && timer === null) goOn();
      },
      write({temperature, count, seed}) {
        const random = generator(seed);
        const texts = Array.from({length: count}, () =>
          sample(run.parameters, run.letters, random, temperature, run.longest),
        );
        postMessage({kind: "texts", texts, temperature, step: run.memory.t});
      },
      ask({text, position}) {
        postMessage({
          kind: "dependence",
          text,
          position,
          ...dependence(run.parameters, run.letters, text, position),
        });
      },
    };
    onmessage = ({data}) => answers[data.kind](data);
  }

  /** The names of a list, and what is wrong with it (a sentence) or was left out of it. */
  function readNames(text) {
    const all = text
      .split(/[\n,;]+/)
      .map(name => name.trim().replace(/\s+/g, " ").toLowerCase())
      .filter(Boolean);
    const short = [...new Set(all)].filter(name => [...name].length <= LONGEST);
    const names = short.slice(0, MOST),
      left = all.length - names.length;
    const letters = ["\n", ...new Set(names.join("") ? [...names.join("")].sort() : [])];
    if (names.length < FEWEST)
      return {
        fault:
          `These are ${names.length} different names of at most ${LONGEST} letters. To learn anything the network needs ` +
          `${FEWEST} or more: one a line, or with commas between them.`,
      };
    if (letters.length > LETTERS)
      return {
        fault:
          `These names use ${letters.length - 1} different characters, and this page can handle ${LETTERS - 1}. ` +
          "Leave out those with rare signs.",
      };
    const note = left
      ? ` (${left} left out: given twice, longer than ${LONGEST} letters, or beyond the first ${MOST})`
      : "";
    return {names, letters, note};
  }

  /** A probability with two digits that mean something. */
  function sayChance(probability) {
    if (probability >= 0.1) return say(probability);
    return probability < 0.0001 ? "less than 0.0001" : String(Number(probability.toPrecision(2)));
  }

  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  /** The chart of the two losses over the steps. */
  function drawCurves(chart, losses, letters) {
    // As wide as its place, so that letters keep their size on a phone.
    const width = Math.max(300, chart.parentElement.clientWidth),
      height = 260,
      left = 48,
      right = 12,
      top = 16,
      bottom = 40;
    const highest = Math.max(Math.log2(letters), ...losses.map(loss => loss.unseen)) + 0.3,
      last = Math.max(200, losses.at(-1).step);
    const x = step => left + (step / last) * (width - left - right);
    const y = bits => top + (1 - bits / highest) * (height - top - bottom);
    const line = (key, dashes) =>
      svg("polyline", {
        points: losses.map(loss => `${x(loss.step).toFixed(1)},${y(loss[key]).toFixed(1)}`).join(" "),
        fill: "none",
        stroke: "currentColor",
        "stroke-width": 2.5,
        "stroke-dasharray": dashes,
      });
    const label = (text, attributes) => {
      const element = svg("text", {fill: "currentColor", "font-size": 13, ...attributes});
      element.textContent = text;
      return element;
    };
    const parts = [];
    for (let bits = 0; bits <= highest; bits++)
      parts.push(
        svg("line", {
          x1: left,
          x2: width - right,
          y1: y(bits),
          y2: y(bits),
          stroke: "currentColor",
          "stroke-opacity": 0.15,
        }),
        label(bits, {x: left - 8, y: y(bits) + 4, "text-anchor": "end"}),
      );
    const blind = y(Math.log2(letters));
    parts.push(
      svg("line", {
        x1: left,
        x2: width - right,
        y1: blind,
        y2: blind,
        stroke: "currentColor",
        "stroke-dasharray": "2 5",
      }),
      label("knows nothing", {x: width - right, y: blind - 5, "text-anchor": "end"}),
      label("bits for a letter", {
        x: 0,
        y: 0,
        transform: `translate(13 ${height / 2}) rotate(-90)`,
        "text-anchor": "middle",
      }),
      label("0", {x: left, y: height - bottom + 18, "text-anchor": "middle"}),
      label(`${last} steps`, {x: width - right, y: height - bottom + 18, "text-anchor": "end"}),
      line("train", "none"),
      line("unseen", "7 5"),
      svg("line", {
        x1: left,
        x2: left + 34,
        y1: height - 8,
        y2: height - 8,
        stroke: "currentColor",
        "stroke-width": 2.5,
      }),
      label("trained on", {x: left + 40, y: height - 4}),
      svg("line", {
        x1: left + 130,
        x2: left + 164,
        y1: height - 8,
        y2: height - 8,
        stroke: "currentColor",
        "stroke-width": 2.5,
        "stroke-dasharray": "7 5",
      }),
      label("put aside", {x: left + 170, y: height - 4}),
    );
    const now = losses.at(-1);
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.setAttribute(
      "aria-label",
      `Loss over ${now.step} steps: ${say(now.train)} bits for a letter of the names it trains ` +
        `on, ${say(now.unseen)} for the names put aside; a network that knows nothing pays ${say(Math.log2(letters))}.`,
    );
    chart.replaceChildren(...parts);
  }

  function build(place) {
    const now = {
      worker: null,
      letters: null,
      names: new Set(),
      losses: [],
      running: false,
      step: 0,
      seed: 0,
      word: "",
      chosen: false,
    };
    const list = make("textarea", {
      id: "play-names",
      rows: 6,
      spellcheck: false,
      value: RIVERS.split(" ").join(", "),
    });
    const train = make("button", {type: "button", textContent: "Train"});
    const pause = make("button", {type: "button", textContent: "Pause", disabled: true});
    const status = make("p", {className: "play-status", role: "status"});
    const chart = svg("svg", {class: "play-curve", role: "img"});
    const temperature = make("input", {
      type: "range",
      id: "play-temperature",
      min: 0.2,
      max: 2,
      step: 0.1,
      value: 0.8,
    });
    const degree = make("output", {textContent: "0.8"});
    const write = make("button", {type: "button", textContent: "Write more", disabled: true});
    const samples = make("ul", {className: "play-samples"});
    const share = make("p", {});
    const word = make("div", {className: "play-word"});
    const explain = make("p", {role: "status"});
    const after = make("div", {hidden: true});

    function show(text, fault = false) {
      status.textContent = text;
      status.classList.toggle("play-fault", fault);
    }

    function send(message) {
      now.worker.postMessage(message);
    }

    function setRunning(running) {
      now.running = running;
      pause.disabled = !running && now.step >= STEPS;
      pause.textContent = running ? "Pause" : "Go on";
    }

    function start() {
      const {names, letters, note, fault} = readNames(list.value);
      if (fault) {
        show(fault, true);
        return;
      }
      now.worker?.terminate();
      const program = `"use strict"; (${work})((${defineRecurrent})());`;
      now.worker = new Worker(URL.createObjectURL(new Blob([program], {type: "text/javascript"})));
      now.worker.onmessage = ({data}) => hear[data.kind](data);
      now.worker.onerror = event =>
        show(`The training stopped: ${event.message}. Press Train to begin again.`, true);
      Object.assign(now, {letters, names: new Set(names), losses: [], step: 0, note, chosen: false});
      after.hidden = false;
      word.replaceChildren();
      explain.textContent = "";
      send({
        kind: "start",
        names,
        letters,
        units: UNITS,
        batch: BATCH,
        rate: RATE,
        steps: STEPS,
        every: 25,
        longest: LONGEST,
        seed: 1,
      });
      setRunning(true);
      write.disabled = false;
      train.textContent = "Begin again";
      requestTexts();
    }

    function requestTexts() {
      now.seed += 1;
      send({kind: "write", temperature: Number(temperature.value), count: SAMPLES, seed: now.seed});
    }

    const hear = {
      step({step, done}) {
        now.step = step;
        if (done) {
          setRunning(false);
          show(`Done after ${step} steps.${summary()}`);
          requestTexts();
        }
      },
      loss(loss) {
        now.losses.push(loss);
        drawCurves(chart, now.losses, now.letters.length);
        // Said aloud only now and then: a screen reader could not keep up.
        status.setAttribute("aria-live", loss.step % 500 === 0 ? "polite" : "off");
        show(`${now.names.size} names${now.note}, step ${loss.step} of ${STEPS}.${summary()}`);
        if (loss.step % 200 === 0 && loss.step > 0) requestTexts();
      },
      texts({texts, temperature: at, step}) {
        const known = texts.filter(text => now.names.has(text)).length;
        samples.replaceChildren(
          ...texts.map(text => {
            const button = make("button", {
              type: "button",
              textContent: (text || "(nothing)") + (now.names.has(text) ? " ✓" : ""),
            });
            button.disabled = !text;
            button.addEventListener("click", () => {
              now.chosen = true;
              spell(text);
            });
            return make("li", {}, button);
          }),
        );
        share.textContent = `Written after ${step} steps at temperature ${say(at, 1)}; ${known} of ${texts.length} stand on the list (✓).`;
        const first = texts.find(text => text.length > 3);
        if (!now.chosen && first) spell(first);
      },
      dependence({text, position, probability, without}) {
        if (text !== now.word) return;
        const changes = without.map(other => Math.log2(probability / other));
        const largest = Math.max(1, ...changes.map(Math.abs));
        [...word.children].forEach((button, k) => {
          button.classList.toggle("play-asked", k === position);
          const weight = k < position ? Math.abs(changes[k]) / largest : 0;
          button.style.boxShadow =
            weight > 0.05 ? `inset 0 -${(weight * 0.9).toFixed(2)}rem 0 0 var(--play-mark)` : "";
        });
        const letter = position < [...text].length ? `“${[...text][position]}”` : "the end";
        if (!position) {
          explain.textContent = `${letter} comes first: probability ${sayChance(probability)}. There is nothing before it.`;
          return;
        }
        const strongest = changes.reduce(
          (best, change, k) => (Math.abs(change) > Math.abs(changes[best]) ? k : best),
          0,
        );
        explain.textContent =
          `Here ${letter} has the probability ${sayChance(probability)}. Without the “${[...text][strongest]}” at place ` +
          `${strongest + 1} it would be ${sayChance(without[strongest])}: of the letters before, this one matters most.`;
      },
    };

    function summary() {
      const last = now.losses.at(-1);
      if (!last) return "";
      const best = now.losses.reduce((low, loss) => (loss.unseen < low.unseen ? loss : low));
      const turned = last.step - best.step >= 300 && last.unseen > best.unseen + 0.05;
      return (
        ` It pays ${say(last.train)} bits for a letter of the names it trains on, ${say(last.unseen)} for those put aside.` +
        (turned
          ? ` These were cheapest after ${best.step} steps, ${say(best.unseen)} bits: since then it has been learning names by heart.`
          : "")
      );
    }

    function spell(text) {
      now.word = text;
      word.replaceChildren(
        ...[...text, "↵"].map((letter, position) => {
          const button = make("button", {type: "button", textContent: letter});
          button.setAttribute("aria-label", letter === "↵" ? "the end" : `letter ${position + 1}: ${letter}`);
          const ask = () => send({kind: "ask", text, position});
          button.addEventListener("pointerenter", ask);
          button.addEventListener("focus", ask);
          button.addEventListener("click", ask);
          return button;
        }),
      );
      send({kind: "ask", text, position: Math.min(3, [...text].length)});
    }

    train.addEventListener("click", start);
    pause.addEventListener("click", () => {
      send({kind: now.running ? "pause" : "resume"});
      setRunning(!now.running);
      if (!now.running) show(`Paused after ${now.step} steps.${summary()}`);
    });
    temperature.addEventListener("input", () => {
      degree.textContent = say(Number(temperature.value), 1);
      if (now.worker) requestTexts();
    });
    write.addEventListener("click", requestTexts);

    after.append(
      chart,
      make("h2", {textContent: "What it writes"}),
      make(
        "div",
        {className: "play-bar"},
        make("label", {htmlFor: temperature.id, textContent: "temperature"}),
        temperature,
        degree,
        write,
      ),
      samples,
      share,
      make("h2", {textContent: "What a letter depended on"}),
      make("p", {
        textContent:
          "Press a name above, then point at one of its letters (or move there with the Tab key). The higher a letter " +
          "before it is filled, the more the prediction would change if the network had not read it.",
      }),
      word,
      explain,
    );
    place.replaceChildren(
      make("label", {
        htmlFor: list.id,
        textContent:
          "Names, one a line or with commas between them. These are rivers of Europe; paste your own.",
      }),
      list,
      make("div", {className: "play-bar"}, train, pause),
      status,
      after,
    );
    show("Nothing is trained yet. The names stay in this page: nothing is sent anywhere.");
    place.before(make("div", {className: "play"}, askQuestions(QUESTIONS)));
  }

  for (const place of document.querySelectorAll('[data-play="names"]')) build(place);
})();
