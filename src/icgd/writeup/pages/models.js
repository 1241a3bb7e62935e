// The learners of src/icgd, one function for each class, in double precision; labels have one entry.
// A prompt is {x: inputs of the examples, y: labels}; `ask` gives every query's predictions, layer by layer.

const floats = (() => {
  const table = new Float64Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24
      : exponent === 31 ? (fraction ? NaN : Infinity) : (1 + fraction / 1024) * 2 ** (exponent - 15);
    table[bits] = bits >> 15 ? -size : size;
  }
  return table;
})();

// A learner at one snapshot and seed: arrays are {shape, data} without these two axes.
function decoded(tree, snapshot, seed) {
  if (Array.isArray(tree)) return tree.map(part => decoded(part, snapshot, seed));
  if (tree === null || typeof tree !== "object") return tree;
  if (!("half" in tree)) {
    return Object.fromEntries(Object.entries(tree).map(([name, part]) => [name, decoded(part, snapshot, seed)]));
  }
  const bytes = atob(tree.half), [, seeds, ...shape] = tree.shape;
  const size = shape.reduce((a, b) => a * b, 1), first = (snapshot * seeds + seed) * size;
  const data = Float64Array.from({ length: size }, (_, i) => {
    const place = 2 * (first + i);
    return floats[bytes.charCodeAt(place) | (bytes.charCodeAt(place + 1) << 8)];
  });
  return { shape, data };
}

const dot = (a, b) => { let sum = 0; for (let i = 0; i < a.length; i++) sum += a[i] * b[i]; return sum; };
const within = (value, [low, high]) => Math.min(Math.max(value, low), high);
const plus = (a, b, scale = 1) => a.map((value, i) => value + scale * b[i]);
const zeros = length => new Array(length).fill(0);

// The matrix W, or the one at `index` of a stack of them, times v.
function times(W, v, index = 0) {
  const [rows, columns] = W.shape.slice(-2), out = zeros(rows);
  for (let i = 0, at = index * rows * columns; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[i] += W.data[at++] * v[j];
  }
  return out;
}

function standardised(token, norm) {
  if (norm === "none") return token;
  const mean = norm === "layer" ? token.reduce((a, b) => a + b, 0) / token.length : 0;
  const centred = token.map(value => value - mean);
  const scale = 1 / Math.sqrt(dot(centred, centred) / token.length + 1e-5);
  return centred.map(value => value * scale);
}

function softmax(logits) {
  const top = Math.max(...logits), powers = logits.map(value => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map(value => value / sum);
}

// What tokens read from a context: Σ_h P_h Σ_j a_hj V_h e_j. A causal layer reads tokens up to each one itself.
function attention(layer, tokens, context) {
  const bias = layer.position_bias, reach = bias && bias.shape[1];
  const near = (head, back) => (bias ? bias.data[head * reach + within(back, [0, reach - 1])] : 0);
  const seen = context.map(token => standardised(token, layer.norm));
  const asked = tokens.map(token => standardised(token, layer.norm));
  const out = tokens.map(token => zeros(token.length));
  for (let head = 0; head < layer.key.shape[0]; head++) {
    const keys = seen.map(token => times(layer.key, token, head));
    const values = seen.map(token => times(layer.value, token, head));
    asked.forEach((token, i) => {
      const query = times(layer.query, token, head), seen = layer.causal ? keys.slice(0, i + 1) : keys;
      const logits = seen.map((key, j) => dot(key, query) + near(head, i - j));
      const weights = layer.kernel === "softmax" ? softmax(logits) : logits;
      const read = weights.reduce((sum, weight, j) => plus(sum, values[j], weight), zeros(values[0].length));
      out[i] = plus(out[i], times(layer.projection, read, head));
    });
  }
  return out;
}

const gelu = v => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));

function mlp(layer, token) {
  const hidden = plus(times(layer.inner, token), layer.inner_bias.data).map(gelu);
  return plus(times(layer.outer, hidden), layer.outer_bias.data);
}

// The weights of least squares with a penalty; directions that the inputs do not have get none.
function ridge(x, y, penalty) {
  const d = x[0].length, system = [];
  for (let i = 0; i < d; i++) {
    system.push(zeros(d + 1).map((_, k) => x.reduce((sum, row, j) => sum + row[i] * (k < d ? row[k] : y[j]), 0)));
    system[i][i] += penalty;
  }
  for (let i = 0; i < d; i++) {
    const best = system.slice(i).reduce((p, row, k) => (Math.abs(row[i]) > Math.abs(system[p][i]) ? i + k : p), i);
    [system[i], system[best]] = [system[best], system[i]];
    const pivot = system[i][i];
    system[i] = Math.abs(pivot) < 1e-12 ? zeros(d + 1) : system[i].map(value => value / pivot);
    for (let k = 0; k < d; k++) if (k !== i) system[k] = plus(system[k], system[i], -system[k][i]);
  }
  return system.map(row => row[d]);
}

const MODELS = {
  Transformer(model, { x, y }, queries) {
    let context = x.map((input, j) => [...input, y[j]]);
    const start = query => (model.initial_weights ? -dot(model.initial_weights.data, query) : 0);
    let tokens = queries.map(query => [...query, start(query)]);
    const found = queries.map(() => []);
    for (let repeat = 0; repeat < model.repeats; repeat++) {
      for (const layer of model.layers) {
        const [read, own] = [attention(layer, tokens, context), attention(layer, context, context)];
        tokens = tokens.map((token, i) => plus(token, read[i], model.damping));
        context = context.map((token, i) => plus(token, own[i], model.damping));
        tokens.forEach((token, i) => found[i].push(-token[token.length - 1]));
      }
    }
    return found;
  },

  GradientDescent(model, { x, y }, queries) {
    let weights = model.start ? [...model.start.data] : zeros(x[0].length);
    const found = queries.map(() => []);
    for (const rate of model.learning_rates.data) {
      const residual = x.map((input, j) => dot(weights, input) - y[j]);
      x.forEach((input, j) => { weights = plus(weights, input, (-rate / (model.normaliser ?? x.length)) * residual[j]); });
      queries.forEach((query, i) => found[i].push(dot(weights, query)));
    }
    return found;
  },

  GradientDescentPlusPlus(model, { x, y }, queries) {
    let [inputs, residual, asked] = [x, y, queries];
    const predictions = zeros(queries.length), found = queries.map(() => []);
    model.learning_rates.data.forEach((rate, step) => {
      const eta = rate / model.normaliser, gamma = model.shrinkages.data[step] / model.normaliser;
      const slope = inputs.reduce((sum, input, j) => plus(sum, input, residual[j]), zeros(x[0].length));
      const covariance = v => inputs.reduce((sum, input) => plus(sum, input, dot(input, v)), zeros(v.length));
      asked.forEach((query, i) => found[i].push((predictions[i] += eta * dot(slope, query))));
      residual = residual.map((value, j) => value - eta * dot(slope, inputs[j]));
      [inputs, asked] = [inputs, asked].map(rows => rows.map(row => plus(row, covariance(row), -gamma)));
    });
    return found;
  },

  Ridge(model, { x, y }, queries) {
    const weights = ridge(x, y, model.penalty.data[0]);
    return queries.map(query => [dot(weights, query)]);
  },

  Constant(model, _, queries) {
    return queries.map(query => [dot(model.weights.data, query)]);
  },

  OnFeatures(model, { x, y }, queries) {
    const lift = FEATURES[model.features.kind].bind(null, model.features);
    return MODELS[model.head.kind](model.head, { x: x.map(lift), y }, queries.map(lift));
  },
};

const FEATURES = {
  Affine: (_, input) => [...input, 1],
  Features(features, input) {
    const embedded = plus(times(features.embedding, input), features.embedding_bias.data);
    return plus(embedded, mlp(features.mlp, embedded));
  },
};

const ask = (model, prompt, queries) => MODELS[model.kind](model, prompt, queries);
