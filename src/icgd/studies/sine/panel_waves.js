// Waves: the sine learners before and after their step, and what each example does to an answer.
PANELS.waves = (host, { wave_transformer: layer, meta, wave_transformer_2: two }) => {
  const REACH = [-5.5, 5.5], HEIGHTS = [-0.9, 0.9], random = randomness(5), grid = range(121, ...REACH);
  const models = { layer, meta, two }, dashes = { meta: "9 7" };
  const held = Object.fromEntries(Object.entries(models).map(([name, { model }]) => [name, decoded(model, 0, 0)]));
  const count = held.meta.head.normaliser;

  const entries = Object.entries(models).map(([name, { label, colour }]) => ({ name, label, colour, dash: dashes[name], off: name === "two" }));
  entries.push({ name: "before", label: "before the step", colour: layer.colour, dash: "1 6" });
  entries.push({ name: "least", label: "the wave through the points", colour: "#777777", dash: "2 5" });
  const { shown, host: key } = legend(entries, () => draw());
  const left = node("div", {}, node("h3", { textContent: "The points, and the answers for every place" }));
  const right = node("div", {}, node("h3", { textContent: "How much each point counts for the answer at the open circle" }));
  const told = node("p", { className: "told" });
  told.setAttribute("role", "status");
  host.append(node("div", { className: "plots" }, left, right), key);
  const places = ticks([-4, -2, 0, 2, 4]);
  const plot = new Plot(left, { x: REACH, y: HEIGHTS, xlabel: "place x", ylabel: "height y", label: "Points and waves",
    marks: { x: places, y: ticks([-0.8, -0.4, 0, 0.4, 0.8]) } });
  const weights = new Plot(right, { x: REACH, y: [-0.45, 0.45], xlabel: "place of the point", ylabel: "its weight in the answer",
    label: "Influence of each point", marks: { x: places, y: ticks([-0.4, -0.2, 0, 0.2, 0.4]) } });

  function fresh() {
    const [amplitude, phase] = [0.25 + 0.25 * random(), Math.PI * random()];
    return Array.from({ length: count }, () => {
      const x = 10 * random() - 5;
      return [x, amplitude * Math.sin(x + phase)];
    });
  }
  const query = new Points(plot, [[1.5, 0]], () => draw(), "x");
  const points = new Points(plot, fresh(), () => draw());
  host.append(node("div", { className: "controls" }, button("Another wave", () => { points.set(fresh()); draw(); }),
    button("Make an outlier", () => points.outlier(Math.floor(random() * count)))), told);

  function draw() {
    const prompt = { x: points.places.map(([x]) => [x]), y: points.places.map(([, y]) => y) }, at = query.places[0][0];
    const answers = Object.fromEntries(Object.keys(held).map(name => [name, ask(held[name], prompt, [...grid, at].map(x => [x])).map(found => found.at(-1))]));
    const features = FEATURES[held.layer.features.kind].bind(null, held.layer.features);
    answers.before = grid.map(x => dot(held.layer.head.initial_weights.data, features([x])));
    const wave = ridge(prompt.x.map(([x]) => [Math.sin(x), Math.cos(x)]), prompt.y, 0);
    answers.least = grid.map(x => dot(wave, [Math.sin(x), Math.cos(x)]));
    plot.clear();
    for (const { name, colour, dash } of entries) {
      if (shown[name]) plot.curve(grid.map((x, i) => [x, answers[name][i]]), { stroke: colour, "stroke-dasharray": dash ?? "", "stroke-width": name === "layer" ? 5 : 3, "stroke-linecap": "round" });
    }
    query.places[0][1] = answers.layer.at(-1);
    query.draw(0);
    query.handles[0].classList.add("query");
    influences(prompt, at, answers);
    const [a, b] = [answers.layer.slice(0, -1), answers.meta.slice(0, -1)];
    const apart = Math.hypot(...a.map((value, i) => value - b[i])) / Math.hypot(...a);
    told.innerHTML = `Over all places, the transformer's answers and those of one gradient step on learned features differ by <b>${(100 * apart).toFixed(0)} %</b>.`;
  }

  // The change of the answer when one label is raised; for one step it does not depend on the labels.
  function influences(prompt, at, answers) {
    weights.clear();
    weights.curve(REACH.map(x => [x, 0]), { stroke: "#9aa4af", "stroke-width": 1 });
    weights.curve([[at, -1], [at, 1]], { stroke: "#cfd5dc", "stroke-width": 2 });
    ["meta", "layer"].filter(name => shown[name]).forEach(name => {
      prompt.y.forEach((label, j) => {
        const raised = { x: prompt.x, y: prompt.y.with(j, label + 0.1) };
        const change = (ask(held[name], raised, [[at]])[0].at(-1) - answers[name].at(-1)) / 0.1, place = [prompt.x[j][0], change];
        weights.curve([[place[0], 0], place], { stroke: models[name].colour, "stroke-width": 2 });
        weights.mark(place, name === "layer" ? "circle" : "square", { fill: name === "layer" ? models[name].colour : "none", stroke: models[name].colour, "stroke-width": 2.5 });
      });
    });
  }

  draw();
};
