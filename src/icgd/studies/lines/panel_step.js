// A step: the trained layer, one step of descent and least squares on points that can be dragged.
PANELS.step = (host, { line_layer: layer, line_step: step }) => {
  const REACH = [-1.8, 1.8], HEIGHTS = [-4, 4], WEIGHTS = [-3.2, 3.2];
  const descent = decoded(step.model, 0, 0), count = descent.normaliser, random = randomness(2);
  let snapshot = layer.steps.length - 1, seed = 0;

  const entries = [
    { name: "layer", label: layer.label, colour: layer.colour },
    { name: "step", label: step.label, colour: step.colour, dash: "9 7" },
    { name: "least", label: "least squares", colour: "#777777", dash: "2 5" },
  ];
  const { shown, host: key } = legend(entries, () => draw());
  const left = node("div", {}, node("h3", { textContent: "The points, and the answers for every place" }));
  const right = node("div", {}, node("h3", { textContent: "The loss of all lines, and the step" }));
  const told = node("p", { className: "told" });
  told.setAttribute("role", "status");
  host.append(node("div", { className: "plots" }, left, right), key);
  const plot = new Plot(left, { x: REACH, y: HEIGHTS, xlabel: "place u", ylabel: "height y", label: "Points and lines",
    marks: { x: ticks([-1, 0, 1]), y: ticks([-4, -2, 0, 2, 4]) } });
  const surface = new Plot(right, { x: WEIGHTS, y: WEIGHTS, xlabel: "slope of the line", ylabel: "its height at u = 0", label: "Loss surface",
    marks: { x: ticks([-3, -2, -1, 0, 1, 2, 3]), y: ticks([-3, -2, -1, 0, 1, 2, 3]) } });

  function fresh() {
    const [slope, height] = [normal(random) || 1, normal(random)];
    return Array.from({ length: count }, () => {
      const u = REACH[0] * 0.9 * (2 * random() - 1);
      return [u, within(slope * u + height, HEIGHTS)];
    });
  }
  const points = new Points(plot, fresh(), () => draw());
  const after = value => { snapshot = value; draw(); };
  const controls = [
    button("New points", () => { points.set(fresh()); draw(); }),
    button("Make an outlier", () => points.outlier(Math.floor(random() * count))),
    slider("trained for", { max: snapshot, value: snapshot, name: value => `${layer.steps[value]} steps` }, after),
  ];
  if (layer.seeds.length > 1) {
    controls.push(choice("training", layer.seeds.map((name, i) => [i, `seed ${name}`]), value => { seed = +value; draw(); }));
  }
  host.append(node("div", { className: "controls" }, ...controls), told);

  // Slope and height at 0 of a learner's answers.
  function line(model, prompt) {
    const [at0, at1] = ask(model, prompt, [[0, 1], [1, 1]]).map(found => found.at(-1));
    return [at1 - at0, at0];
  }

  function draw() {
    const prompt = { x: points.places.map(([u]) => [u, 1]), y: points.places.map(([, y]) => y) };
    const lines = {
      least: ridge(prompt.x, prompt.y, 0),
      layer: line(decoded(layer.model, snapshot, seed), prompt),
      step: line(descent, prompt),
    };
    plot.clear();
    surface.clear();
    contours(prompt, lines.least);
    for (const { name, colour, dash } of entries) {
      if (!shown[name]) continue;
      const [slope, height] = lines[name];
      plot.curve(REACH.map(u => [u, slope * u + height]), { stroke: colour, "stroke-dasharray": dash ?? "", "stroke-width": name === "layer" ? 5 : 3 });
    }
    path(lines);
    const apart = Math.hypot(...points.places.map(([u]) => lines.layer[0] * u + lines.layer[1] - lines.step[0] * u - lines.step[1]));
    const size = Math.hypot(...prompt.y) || 1;
    told.innerHTML = `At the points, the trained layer and the gradient step differ by <b>${((100 * apart) / size).toFixed(1)} %</b> of the heights. `
      + `Slopes: layer <b>${figure(lines.layer[0])}</b>, step <b>${figure(lines.step[0])}</b>, least squares <b>${figure(lines.least[0])}</b>.`;
  }

  // Ellipses of equal loss: L − L* = ½ (w − w*)ᵀ S (w − w*), S the mean of φφᵀ.
  function contours({ x }, [slope, height]) {
    const [a, b, c] = [[0, 0], [0, 1], [1, 1]].map(([i, k]) => x.reduce((sum, row) => sum + row[i] * row[k], 0) / count);
    const spread = Math.hypot((a - c) / 2, b), [first, second] = [(a + c) / 2 + spread, (a + c) / 2 - spread];
    const angle = 0.5 * Math.atan2(2 * b, a - c);
    range(9, 1, 9).reverse().forEach((level, i) => {
      const [r1, r2] = [first, second].map(value => (0.42 * level) / Math.sqrt(Math.max(value, 1e-4)));
      const places = range(73, 0, 2 * Math.PI).map(turn => {
        const [p, q] = [r1 * Math.cos(turn), r2 * Math.sin(turn)];
        return [slope + p * Math.cos(angle) - q * Math.sin(angle), height + p * Math.sin(angle) + q * Math.cos(angle)];
      });
      surface.curve(places, { stroke: "#c3cad3", "stroke-width": 1, fill: `hsl(212 45% ${99 - i * 2.2}%)` });
    });
  }

  function path(lines) {
    surface.mark([0, 0], "circle", { fill: "#fff", stroke: "#1b1f24", "stroke-width": 2 });
    if (shown.step) {
      surface.curve([[0, 0], lines.step], { stroke: step.colour, "stroke-width": 3 });
      surface.mark(lines.step, "square", { fill: step.colour, stroke: "#fff", "stroke-width": 1.5 });
    }
    if (shown.layer) surface.mark(lines.layer, "circle", { fill: "none", stroke: layer.colour, "stroke-width": 4 });
    if (shown.least) surface.mark(lines.least, "cross", { stroke: "#555", fill: "none" });
    const under = lines.least[1] < 0;
    note("start", [0, 0], "#1b1f24", under ? -12 : 22);
    if (shown.least) note("least squares", lines.least, "#555", under ? 26 : -16);
  }

  function note(text, [x, y], fill, lower) {
    const made = shape("text", { x: surface.px(x), y: surface.py(y) + lower, fill, class: "note", "text-anchor": "middle" });
    made.textContent = text;
    surface.curves.append(made);
  }

  draw();
};
