// Policies of bandits: `POLICIES[kind](model, tokens)` gives the logits of the arms at every position of a history.
// A token is 2a + r for a pull of arm a with reward r; the first one says the objective, 2A for the most reward.

// One of the policies that were trained side by side.
function member(ensemble, name) {
  const place = ensemble.names.indexOf(name);
  const sliced = tree => {
    if (Array.isArray(tree)) return tree.map(sliced);
    if (tree === null || typeof tree !== "object") return tree;
    if (!(tree.data instanceof Float64Array)) return Object.fromEntries(Object.entries(tree).map(([key, part]) => [key, sliced(part)]));
    const shape = tree.shape.slice(1), size = shape.reduce((a, b) => a * b, 1);
    return { shape, data: tree.data.subarray(place * size, (place + 1) * size) };
  };
  return sliced(ensemble.members);
}

const sigmoid = value => 1 / (1 + Math.exp(-value));

const POLICIES = {
  HistoryModel(model, tokens) {
    let stream = tokens.map(token => row(model.embedding, token));
    for (const each of model.blocks) stream = block(each, stream, stream);
    return stream.map(token => times(model.readout, standardised(token, "rms")));
  },

  RecurrentPolicy(model, tokens) {
    const width = model.recurrent.shape[1];
    let kept = zeros(width);
    return tokens.map(token => {
      const [given, own] = [row(model.gates, token), times(model.recurrent, kept)];
      kept = kept.map((value, i) => {
        const reset = sigmoid(given[i] + own[i]), update = sigmoid(given[width + i] + own[width + i]);
        return update * value + (1 - update) * Math.tanh(given[2 * width + i] + reset * own[2 * width + i]);
      });
      return times(model.readout, kept);
    });
  },
};

// The chance of each of three arms, or more, to be the best, from wins and losses under a uniform prior.
function thompson(counts) {
  const grid = range(401, 0, 1), density = counts.map(([wins, losses]) => {
    const values = grid.map(p => (p || !wins) && (p < 1 || !losses) ? Math.exp(wins * Math.log(p || 1) + losses * Math.log(1 - p || 1)) : 0);
    const sum = values.reduce((a, b) => a + b, 0);
    return values.map(value => value / sum);
  });
  const below = density.map(values => { let sum = 0; return values.map(value => (sum += value) - value / 2); });
  const best = counts.map((_, a) => grid.reduce((sum, _, i) => sum + density.reduce((product, values, b) => product * (a === b ? values[i] : below[b][i]), 1), 0));
  const sum = best.reduce((a, b) => a + b, 0);
  return best.map(value => value / sum);
}

// The optimal policy of three arms by dynamic programming over wins and losses; V of all counts with the same sum lies
// in one array, at the place of the partial sums among all such (the combinatorial number system).
class Optimal {
  constructor(pulls) {
    this.pulls = pulls;
    this.choose = Array.from({ length: 6 }, (_, k) => Float64Array.from({ length: pulls + 8 }, (_, n) => {
      let value = 1;
      for (let i = 0; i < k; i++) value = (value * (n - i)) / (i + 1);
      return n < k ? 0 : value;
    }));
    this.values = [];
    this.values[pulls] = new Float64Array(this.choose[5][pulls + 5]);
  }

  // Gives the policy to `ready` when it is computed, without holding up the page: layer by layer, from the last pull.
  static soon(pulls, ready) {
    const made = new Optimal(pulls);
    let seen = pulls;
    const next = () => {
      if (seen === 0) return ready(made);
      made.layer(--seen);
      setTimeout(next);
    };
    setTimeout(next);
  }

  place(counts) {
    let sum = 0, found = 0;
    for (let i = 0; i < 5; i++) found += this.choose[i + 1][(sum += counts[i]) + i];
    return found;
  }

  // Expected reward of what is left if arm `a` is pulled now.
  worth(counts, seen, arm) {
    const [wins, losses] = [counts[2 * arm], counts[2 * arm + 1]], chance = (wins + 1) / (wins + losses + 2);
    counts[2 * arm]++;
    const won = 1 + this.values[seen + 1][this.place(counts)];
    counts[2 * arm]--;
    counts[2 * arm + 1]++;
    const lost = this.values[seen + 1][this.place(counts)];
    counts[2 * arm + 1]--;
    return chance * won + (1 - chance) * lost;
  }

  layer(seen) {
    const values = (this.values[seen] = new Float64Array(this.choose[5][seen + 5])), counts = new Int32Array(6);
    const fill = (part, left) => {
      if (part === 5) {
        counts[5] = left;
        values[this.place(counts)] = Math.max(this.worth(counts, seen, 0), this.worth(counts, seen, 1), this.worth(counts, seen, 2));
        return;
      }
      for (let value = 0; value <= left; value++) { counts[part] = value; fill(part + 1, left - value); }
    };
    fill(0, seen);
  }
}
