/* The LSTM of the course in plain JavaScript: forward and backward along a batch of sequences, Adam, sampling.

The equations and their names are those of the assignments: the cell of 02, its gradients of 04, the loss of 05,
the language model of 06. tests/browser/test_play.py compares all of it with the NumPy code of the notebooks.

A matrix is {rows, columns, data}, `data` being a Float64Array, row by row. Inputs and states have a row for each
feature or unit and a column for each of the m examples. Everything stands in one function, so that a page can
hand its source to a worker: a worker may not load files where a page was opened from a disk. */

var defineRecurrent = function () {
  "use strict";

  const GATES = ["f", "i", "c", "o"];

  function matrix(rows, columns, numbers) {
    const data = new Float64Array(rows * columns);
    if (numbers) data.set(numbers);
    return {rows, columns, data};
  }

  function like(other) {
    return matrix(other.rows, other.columns);
  }

  /** Adds left @ right to `sum`, all of them matrices. */
  function addProduct(sum, left, right) {
    const inner = left.columns,
      width = right.columns;
    for (let row = 0; row < left.rows; row++) {
      const target = sum.data.subarray(row * width, (row + 1) * width);
      for (let k = 0; k < inner; k++) {
        const factor = left.data[row * inner + k];
        if (factor === 0) continue;
        const from = k * width;
        for (let column = 0; column < width; column++) target[column] += factor * right.data[from + column];
      }
    }
    return sum;
  }

  /** Adds left.T @ right to `sum`. */
  function addTransposedProduct(sum, left, right) {
    const width = right.columns;
    for (let k = 0; k < left.rows; k++)
      for (let row = 0; row < left.columns; row++) {
        const factor = left.data[k * left.columns + row];
        if (factor === 0) continue;
        const to = row * width,
          from = k * width;
        for (let column = 0; column < width; column++)
          sum.data[to + column] += factor * right.data[from + column];
      }
    return sum;
  }

  /** Adds left @ right.T to `sum`. */
  function addProductWithTransposed(sum, left, right) {
    const inner = left.columns;
    for (let row = 0; row < left.rows; row++)
      for (let column = 0; column < right.rows; column++) {
        let total = 0;
        for (let k = 0; k < inner; k++) total += left.data[row * inner + k] * right.data[column * inner + k];
        sum.data[row * right.rows + column] += total;
      }
    return sum;
  }

  function addRowSums(sum, values) {
    for (let row = 0; row < values.rows; row++)
      for (let column = 0; column < values.columns; column++)
        sum.data[row] += values.data[row * values.columns + column];
    return sum;
  }

  /** Weights @ input + bias, the bias in every column. */
  function affine(weights, bias, input) {
    const result = matrix(weights.rows, input.columns);
    for (let row = 0; row < result.rows; row++)
      result.data.fill(bias.data[row], row * result.columns, (row + 1) * result.columns);
    return addProduct(result, weights, input);
  }

  /** Without overflow, however large the argument. */
  function sigmoid(z) {
    const small = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : small) / (1 + small);
  }

  /** The softmax of every column. */
  function softmax(scores) {
    const result = like(scores),
      {rows, columns} = scores;
    for (let column = 0; column < columns; column++) {
      let largest = -Infinity,
        total = 0;
      for (let row = 0; row < rows; row++) largest = Math.max(largest, scores.data[row * columns + column]);
      for (let row = 0; row < rows; row++) {
        const place = row * columns + column;
        result.data[place] = Math.exp(scores.data[place] - largest);
        total += result.data[place];
      }
      for (let row = 0; row < rows; row++) result.data[row * columns + column] /= total;
    }
    return result;
  }

  function zeroState(units, m) {
    return {a: matrix(units, m), c: matrix(units, m)};
  }

  /** One step of an LSTM cell, assignment 02.

  x, state   : the input (n_x, m); a and c before the step, each (n_a, m)
  parameters : Wf, Wi, Wc, Wo, each (n_a, n_a + n_x), and bf, bi, bc, bo, each (n_a, 1)
  held       : letter of a gate -> number at which it is held instead

  Returns {a, c, f, i, cc, o, tanhC, stack, before}: the new states, gates, candidate, and what the way back needs. */
  function lstmStep(x, state, parameters, held) {
    const m = x.columns,
      units = state.a.rows;
    const stack = matrix(units + x.rows, m);
    stack.data.set(state.a.data);
    stack.data.set(x.data, units * m);
    const step = {stack, before: state, a: matrix(units, m), c: matrix(units, m), tanhC: matrix(units, m)};
    for (const gate of GATES) {
      const values = affine(parameters["W" + gate], parameters["b" + gate], stack);
      const squeeze = gate === "c" ? Math.tanh : sigmoid;
      for (let k = 0; k < values.data.length; k++)
        values.data[k] = held && gate in held ? held[gate] : squeeze(values.data[k]);
      step[gate === "c" ? "cc" : gate] = values;
    }
    for (let k = 0; k < step.a.data.length; k++) {
      step.c.data[k] = step.f.data[k] * state.c.data[k] + step.i.data[k] * step.cc.data[k];
      step.tanhC.data[k] = Math.tanh(step.c.data[k]);
      step.a.data[k] = step.o.data[k] * step.tanhC.data[k];
    }
    return step;
  }

  /** A batch of texts: x[t] (letters, m) one-hot, target[t] (m numbers), mask[t] (m numbers, 0 where a text is over).

  Index 0 is the letter that ends a text. Each step reads the letter before the one that it is to predict, and the
  first step reads zeros. */
  function encode(texts, letters) {
    const index = new Map(letters.map((letter, number) => [letter, number]));
    const rows = texts.map(text => [...text].map(letter => index.get(letter)));
    const steps = Math.max(...rows.map(row => row.length)) + 1,
      m = texts.length;
    const batch = {x: [], target: [], mask: []};
    for (let t = 0; t < steps; t++) {
      const x = matrix(letters.length, m),
        target = new Int32Array(m),
        mask = new Float64Array(m);
      rows.forEach((row, example) => {
        if (t > row.length) return;
        if (t > 0) x.data[row[t - 1] * m + example] = 1;
        target[example] = t < row.length ? row[t] : 0;
        mask[example] = 1;
      });
      batch.x.push(x);
      batch.target.push(target);
      batch.mask.push(mask);
    }
    return batch;
  }

  /** Loss of a batch, the mean cross-entropy of its real letters (nats), and the steps for `backward`. */
  function forward(batch, parameters) {
    const m = batch.x[0].columns;
    let state = zeroState(parameters.bf.rows, m),
      total = 0,
      count = 0;
    const steps = batch.x.map((x, t) => {
      const step = lstmStep(x, state, parameters);
      state = {a: step.a, c: step.c};
      step.y = softmax(affine(parameters.Wy, parameters.by, step.a));
      for (let example = 0; example < m; example++) {
        count += batch.mask[t][example];
        if (batch.mask[t][example]) total -= Math.log(step.y.data[batch.target[t][example] * m + example]);
      }
      return step;
    });
    return {loss: total / count, steps, count};
  }

  /** Gradients of the loss of `forward`, back through time (assignment 04): {Wf: matrix, …}. */
  function backward(batch, parameters, {steps, count}) {
    const m = batch.x[0].columns,
      units = parameters.bf.rows,
      gradients = {};
    for (const name in parameters) gradients[name] = like(parameters[name]);
    let carriedA = matrix(units, m),
      carriedC = matrix(units, m);
    for (let t = steps.length - 1; t >= 0; t--) {
      const step = steps[t],
        dScores = like(step.y);
      for (let example = 0; example < m; example++) {
        if (!batch.mask[t][example]) continue;
        for (let row = 0; row < dScores.rows; row++)
          dScores.data[row * m + example] = step.y.data[row * m + example] / count;
        dScores.data[batch.target[t][example] * m + example] -= 1 / count;
      }
      addProductWithTransposed(gradients.Wy, dScores, step.a);
      addRowSums(gradients.by, dScores);
      const da = addTransposedProduct(carriedA, parameters.Wy, dScores);
      const d = {f: matrix(units, m), i: matrix(units, m), c: matrix(units, m), o: matrix(units, m)};
      const nextC = matrix(units, m);
      for (let k = 0; k < da.data.length; k++) {
        const f = step.f.data[k],
          i = step.i.data[k],
          cc = step.cc.data[k],
          o = step.o.data[k];
        const tanhC = step.tanhC.data[k];
        const dc = carriedC.data[k] + da.data[k] * o * (1 - tanhC * tanhC);
        d.f.data[k] = dc * step.before.c.data[k] * f * (1 - f);
        d.i.data[k] = dc * cc * i * (1 - i);
        d.c.data[k] = dc * i * (1 - cc * cc);
        d.o.data[k] = da.data[k] * tanhC * o * (1 - o);
        nextC.data[k] = dc * f;
      }
      const dStack = matrix(units + batch.x[t].rows, m);
      for (const gate of GATES) {
        addProductWithTransposed(gradients["W" + gate], d[gate], step.stack);
        addRowSums(gradients["b" + gate], d[gate]);
        addTransposedProduct(dStack, parameters["W" + gate], d[gate]);
      }
      carriedA = matrix(units, m, dStack.data.subarray(0, units * m));
      carriedC = nextC;
    }
    return gradients;
  }

  /** Uniform numbers in [0, 1), the same for the same seed (the generator is mulberry32). */
  function generator(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  /** A standard normal number, by the method of Box and Muller. */
  function normal(random) {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  }

  /** Random weights as in assignment 06; biases of zero, but for a forget gate that starts open. */
  function initialize(units, letters, random) {
    const parameters = {},
      width = units + letters;
    const drawn = (rows, columns, scale) =>
      matrix(
        rows,
        columns,
        Array.from({length: rows * columns}, () => scale * normal(random)),
      );
    for (const gate of GATES) {
      parameters["W" + gate] = drawn(units, width, 1 / Math.sqrt(width));
      parameters["b" + gate] = matrix(units, 1, new Float64Array(units).fill(gate === "f" ? 1 : 0));
    }
    parameters.Wy = drawn(letters, units, 0.01);
    parameters.by = matrix(letters, 1);
    return parameters;
  }

  /** Adam, with the constants of rnn_utils.py. Changes `parameters` and `memory`; begin with {t: 0}. */
  function adam(parameters, gradients, memory, rate) {
    const beta1 = 0.9,
      beta2 = 0.999,
      epsilon = 1e-8;
    memory.t += 1;
    const part1 = 1 - beta1 ** memory.t,
      part2 = 1 - beta2 ** memory.t;
    for (const name in parameters) {
      const slope = gradients[name].data,
        values = parameters[name].data;
      memory[name] ??= {v: new Float64Array(values.length), s: new Float64Array(values.length)};
      const {v, s} = memory[name];
      for (let k = 0; k < values.length; k++) {
        v[k] = beta1 * v[k] + (1 - beta1) * slope[k];
        s[k] = beta2 * s[k] + (1 - beta2) * slope[k] * slope[k];
        values[k] -= (rate * (v[k] / part1)) / (Math.sqrt(s[k] / part2) + epsilon);
      }
    }
  }

  /** One text, drawn letter by letter; cut after `longest` letters. */
  function sample(parameters, letters, random, temperature, longest) {
    let state = zeroState(parameters.bf.rows, 1),
      x = matrix(letters.length, 1),
      text = "";
    for (let count = 0; count < longest; count++) {
      const step = lstmStep(x, state, parameters);
      state = {a: step.a, c: step.c};
      const scores = affine(parameters.Wy, parameters.by, step.a);
      scores.data.forEach((score, k) => (scores.data[k] = score / temperature));
      const y = softmax(scores).data;
      let dart = random(),
        index = 0;
      while (index < y.length - 1 && dart >= y[index]) dart -= y[index++];
      if (index === 0) break;
      text += letters[index];
      x = matrix(letters.length, 1);
      x.data[index] = 1;
    }
    return text;
  }

  /** How the prediction of one letter would change if the network had not read one of the letters before it.

  Returns {probability, without}: the probability of letter number `position` of the text (its end, if that is its
  length) after all letters before it, and for each of these the probability when a column of zeros is read in its
  place. Only what changes is counted, so nothing has to be differentiated. */
  function dependence(parameters, letters, text, position) {
    const characters = [...text],
      index = letters.indexOf(position < characters.length ? characters[position] : letters[0]);
    const probability = left => {
      let state = zeroState(parameters.bf.rows, 1),
        y;
      for (let t = 0; t <= position; t++) {
        const x = matrix(letters.length, 1);
        if (t > 0 && t - 1 !== left) x.data[letters.indexOf(characters[t - 1])] = 1;
        const step = lstmStep(x, state, parameters);
        state = {a: step.a, c: step.c};
        y = softmax(affine(parameters.Wy, parameters.by, step.a));
      }
      return y.data[index];
    };
    return {
      probability: probability(-1),
      without: characters.slice(0, position).map((_, left) => probability(left)),
    };
  }

  return {
    adam,
    backward,
    dependence,
    encode,
    forward,
    generator,
    initialize,
    lstmStep,
    matrix,
    sample,
    zeroState,
  };
};

var recurrent = defineRecurrent();
