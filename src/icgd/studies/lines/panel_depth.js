// Depth: what looped and stacked layers, GD and GD++ answer after each layer or step.
PANELS.depth = (host, { line_looped: looped, line_stack: stack, line_gd: gd, line_gdpp: gdpp }) => {
  const REACH = [-1.8, 1.8], HEIGHTS = [-4, 4], DECADES = [-4, 0], random = randomness(11);
  const learners = { looped, stack, gd, gdpp };
  const models = Object.fromEntries(Object.entries(learners).map(([name, { model }]) => [name, decoded(model, 0, 0)]));
  const dashes = { looped: "", stack: "", gd: "9 7", gdpp: "9 7" };
  const depth = models.gd.learning_rates.data.length, count = models.gd.normaliser;
  let layer = 1;

  const entries = Object.entries(learners).map(([name, { label, colour }]) => ({ name, label, colour, dash: dashes[name] }));
  entries.push({ name: "least", label: "least squares", colour: "#777777", dash: "2 5" });
  const { shown, host: key } = legend(entries, () => draw());
  const left = node("div", {}, node("h3", { textContent: "Answers after this layer" }));
  const right = node("div", {}, node("h3", { textContent: "Distance to least squares after each layer" }));
  const told = node("p", { className: "told" });
  told.setAttribute("role", "status");
  const move = value => { layer = value; draw(); };
  const steps = slider("layers", { max: depth, value: layer, name: value => (value ? `${value} of ${depth}` : "none yet") }, move);
  host.append(node("div", { className: "controls" }, steps), node("div", { className: "plots" }, left, right), key);
  const plot = new Plot(left, { x: REACH, y: HEIGHTS, xlabel: "place u", ylabel: "height y", label: "Points and lines",
    marks: { x: ticks([-1, 0, 1]), y: ticks([-4, -2, 0, 2, 4]) } });
  const powers = Object.fromEntries(range(5, ...DECADES).map(value => [value, ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"][value + 4]]));
  const errors = new Plot(right, { x: [-0.15, depth + 0.15], y: [DECADES[0], 0.7], marks: { x: ticks(range(depth + 1, 0, depth)), y: powers },
    xlabel: "layers, or steps", ylabel: "", label: "Distances by layer", left: 74 });
  const percent = value => (value < 0.01 ? "less than 0.01" : value < 100 ? value.toPrecision(2) : value.toFixed(0));

  function fresh() {
    const [slope, height] = [normal(random), normal(random)];
    return Array.from({ length: count }, () => {
      const u = 1.55 * (2 * random() - 1);
      return [u, within(slope * u + height + 0.25 * normal(random), HEIGHTS)];
    });
  }
  const points = new Points(plot, fresh(), () => draw());
  host.append(node("div", { className: "controls" }, button("New points", () => { points.set(fresh()); draw(); }),
    button("Make an outlier", () => points.outlier(Math.floor(random() * count))),
    button("Crowd the points", () => { points.set(points.places.map(([u, y]) => [1.1 + 0.25 * u, y])); draw(); })), told);

  // Slopes and heights before the first layer and after each.
  function lines(model, prompt) {
    const [at0, at1] = ask(model, prompt, [[0, 1], [1, 1]]);
    return [[0, 0], ...at0.map((height, i) => [at1[i] - height, height])];
  }

  function draw() {
    const prompt = { x: points.places.map(([u]) => [u, 1]), y: points.places.map(([, y]) => y) };
    const least = ridge(prompt.x, prompt.y, 0), found = Object.fromEntries(Object.keys(models).map(name => [name, lines(models[name], prompt)]));
    const size = ([slope, height]) => Math.hypot(...points.places.map(([u]) => slope * u + height));
    const away = line => Math.log10(size([line[0] - least[0], line[1] - least[1]]) / (size(least) || 1) + 1e-9);
    plot.clear();
    errors.clear();
    errors.curve([[layer, -9], [layer, 9]], { stroke: "#cfd5dc", "stroke-width": 22 });
    for (const { name, colour, dash } of entries) {
      if (!shown[name]) continue;
      const [slope, height] = name === "least" ? least : found[name][layer], style = { stroke: colour, "stroke-dasharray": dash };
      plot.curve(REACH.map(u => [u, slope * u + height]), { ...style, "stroke-width": dash ? 3 : 4.5 });
      if (name === "least") continue;
      const path = found[name].map((line, k) => [k, within(away(line), [-9, 2])]);
      errors.curve(path, style);
      path.forEach(place => errors.mark(place, dash ? "square" : "circle", { fill: colour, stroke: "#fff", "stroke-width": 1.5 }));
    }
    const share = name => `<b>${percent(100 * 10 ** away(found[name][layer]))} %</b>`;
    told.innerHTML = layer ? `After ${layer} ${layer > 1 ? "layers" : "layer"}, still away from least squares: looped ${share("looped")}, `
      + `stacked ${share("stack")}, GD ${share("gd")}, GD++ ${share("gdpp")}.` : "Before the first layer every model answers zero.";
  }

  draw();
};
