// Objective: a model that is told L1, L2 or L∞, and one that reads its loss, beside explicit minimisers.
PANELS.objective = (host, { told_lines: told, read_lines: reader }) => {
  const REACH = [-2.6, 2.6], HEIGHTS = [-4, 4], RESIDUALS = [-4, 4], PSI = [-2.6, 2.6], COUNT = 12, random = randomness(4);
  const models = { told: decoded(told.model, 0, 0), reader: decoded(reader.model, 0, 0) };
  const KINDS = [["l1", "L1: mean |r|"], ["l2", "L2: mean r²"], ["linf", "L∞: max |r|"], ["drawn", "draw your own"]];
  const PRESETS = {
    "Huber": r => within(r, [-0.7, 0.7]), "square": r => r, "nearly |r|": r => Math.tanh(r / 0.15), "steep": r => Math.sign(r) * r * r,
    "ignore the far": r => r * Math.exp(-r * r / 2.2), "only above": r => (r > 0 ? 0.85 : -0.15),
  };
  const places = range(8, -3.5, 3.5), grid = range(65, ...RESIDUALS);
  let kind = "l1";

  const entries = [
    { name: "model", label: "the transformer", colour: told.colour },
    { name: "best", label: "", colour: "#D55E00", dash: "9 7" },
    { name: "least", label: "least squares", colour: "#777777", dash: "2 5" },
  ];
  const { shown, host: key } = legend(entries, () => draw());
  const name = key.querySelectorAll("label")[1].appendChild(node("span"));
  const left = node("div", {}, node("h3", { textContent: "The points and the line" }));
  const right = node("div", {}, node("h3", { textContent: "How strongly a residual r pulls: ψ(r), the slope of the loss" }));
  const text = node("p", { className: "told" });
  text.setAttribute("role", "status");
  const switches = KINDS.map(([value, label]) => button(label, () => { kind = value; draw(); }));
  host.append(node("div", { className: "controls" }, ...switches), node("div", { className: "plots" }, left, right), key);
  const plot = new Plot(left, { x: REACH, y: HEIGHTS, xlabel: "place u", ylabel: "height y", label: "Points and lines",
    marks: { x: ticks([-2, -1, 0, 1, 2]), y: ticks([-4, -2, 0, 2, 4]) } });
  const loss = new Plot(right, { x: RESIDUALS, y: PSI, xlabel: "residual r = y − line", ylabel: "pull ψ(r)", label: "Slope of the loss",
    marks: { x: ticks([-4, -2, 0, 2, 4]), y: ticks([-2, -1, 0, 1, 2]) } });

  function fresh() {
    const [slope, height] = [normal(random) * 0.7, normal(random) * 0.7];
    return Array.from({ length: COUNT }, () => {
      const u = within(normal(random), [-2.4, 2.4]);
      return [u, within(slope * u + height + (random() < 0.25 ? 2.2 * normal(random) : 0.25 * normal(random)), [-3.8, 3.8])];
    });
  }
  const points = new Points(plot, fresh(), () => draw());
  const pairs = new Points(loss, places.map(r => [r, within(r, [-0.7, 0.7])]), () => { kind = "drawn"; draw(); }, "y");
  pairs.outlier = () => {};
  const use = psi => { const scale = sized(psi); pairs.set(places.map(r => [r, within(psi(r) / scale, PSI)])); kind = "drawn"; draw(); };
  sketch();
  const presets = choice("losses", [["", "choose …"], ...Object.keys(PRESETS).map(preset => [preset, preset])], value => value && use(PRESETS[value]));
  host.append(node("div", { className: "controls" }, button("New points", () => { points.set(fresh()); draw(); }),
    button("Make an outlier", () => points.outlier(Math.floor(random() * COUNT))), presets), text);

  // A stroke over the right plot sets the nearest pair's height; that of a finger scrolls, unless one is drawing.
  function sketch() {
    let drawing = false;
    const stroke = event => {
      const [r, height] = loss.at(event), nearest = places.reduce((best, place, i) => (Math.abs(place - r) < Math.abs(places[best] - r) ? i : best), 0);
      pairs.move(nearest, [r, height]);
    };
    loss.svg.addEventListener("pointerdown", event => { if (event.defaultPrevented || (event.pointerType === "touch" && kind !== "drawn")) return; drawing = true; loss.svg.setPointerCapture(event.pointerId); stroke(event); });
    loss.svg.addEventListener("pointermove", event => { if (drawing) stroke(event); });
    for (const end of ["pointerup", "pointercancel"]) loss.svg.addEventListener(end, () => { drawing = false; });
  }

  // The size that training divides ψ by: its root mean square over |r| ≤ 4.
  function sized(psi) { return Math.sqrt(grid.reduce((sum, r) => sum + psi(r) ** 2, 0) / grid.length) || 1; }

  // ψ as the pairs have it: linear between them and on from the last two.
  function drawn(r) {
    const i = within(Math.floor((r - places[0]) / (places[1] - places[0])), [0, places.length - 2]);
    const [[r0, p0], [r1, p1]] = [pairs.places[i], pairs.places[i + 1]], share = (r - r0) / (r1 - r0);
    return p0 + share * (p1 - p0);
  }

  // Five steps on the mean of ρ, as the reader's targets take them.
  function descent(x, y, psi) {
    const size = Math.sqrt(y.reduce((sum, value) => sum + psi(value) ** 2, 0) / (dot(y, y) || 1)) || 1;
    let weights = [0, 0];
    for (let step = 0; step < 5; step++) {
      const pulls = x.map((input, j) => psi(y[j] - dot(weights, input)));
      weights = weights.map((value, i) => value + ((1.2 * 0.7 ** step) / size / x.length) * x.reduce((sum, input, j) => sum + pulls[j] * input[i], 0));
    }
    return weights;
  }

  // The best line among all through two points, moved between the extreme residuals for the largest one.
  function minimiser(x, y, objective) {
    let best = ridge(x, y, 0);
    const value = weights => { const sizes = residuals(x, y, weights).map(Math.abs); return objective === "l1" ? sizes.reduce((a, b) => a + b, 0) : Math.max(...sizes); };
    for (let i = 0; i < x.length; i++) {
      for (let j = 0; j < i; j++) {
        const slope = (y[i] - y[j]) / (x[i][0] - x[j][0] || 1e-9), heights = y.map((label, k) => label - slope * x[k][0]);
        const height = objective === "l1" ? heights[i] : (Math.max(...heights) + Math.min(...heights)) / 2;
        if (value([slope, height]) < value(best)) best = [slope, height];
      }
    }
    return best;
  }
  const residuals = (x, y, weights) => y.map((label, j) => label - dot(weights, x[j]));

  function draw() {
    switches.forEach((each, i) => each.setAttribute("aria-pressed", String(KINDS[i][0] === kind)));
    const x = points.places.map(([u]) => [u, 1]), y = points.places.map(([, height]) => height), own = kind === "drawn";
    const scale = sized(drawn), psi = r => drawn(r) / scale, asked = own ? places.flatMap(r => [r, psi(r)]) : KINDS.slice(0, 3).map(([value]) => +(value === kind));
    const [height, at1] = ask(own ? models.reader : models.told, { x, y, objective: asked }, [[0, 1], [1, 1]]).map(found => found.at(-1));
    const lines = { model: [at1 - height, height], least: ridge(x, y, 0) };
    lines.best = own ? descent(x, y, psi) : kind === "l2" ? lines.least : minimiser(x, y, kind);
    name.textContent = own ? "five steps of descent on this loss" : "the exact minimiser";
    plot.clear();
    for (const { name: each, colour, dash } of entries) {
      if (!shown[each]) continue;
      const [slope, start] = lines[each];
      plot.curve(REACH.map(u => [u, slope * u + start]), { stroke: colour, "stroke-dasharray": dash ?? "", "stroke-width": each === "model" ? 5 : 3 });
    }
    const rest = residuals(x, y, lines.model);
    if (shown.model) points.places.forEach(([u, label], j) => plot.curve([[u, label], [u, label - rest[j]]], { stroke: told.colour, "stroke-width": 1, opacity: 0.5 }));
    curve(own ? psi : { l1: Math.sign, l2: r => r / 2.3, linf: null }[kind], rest);
    const measure = own ? null : { l1: r => r.reduce((a, b) => a + Math.abs(b), 0) / COUNT, l2: r => dot(r, r) / COUNT, linf: r => Math.max(...r.map(Math.abs)) }[kind];
    const named = measure && [lines.model, lines.best, lines.least].map(line => `<b>${figure(measure(residuals(x, y, line)))}</b>`);
    text.innerHTML = own ? `The model reads the eight open circles as tokens, and nothing else of the loss. Slopes: model <b>${figure(lines.model[0])}</b>, descent <b>${figure(lines.best[0])}</b>, least squares <b>${figure(lines.least[0])}</b>.`
      : `${KINDS.find(([value]) => value === kind)[1]} of the residuals: the model ${named[0]}, the exact minimiser ${named[1]}, least squares ${named[2]}.`;
  }

  // The pull of each residual, and where the residuals of the points are.
  function curve(psi, rest) {
    loss.clear();
    loss.curve(RESIDUALS.map(r => [r, 0]), { stroke: "#9aa4af", "stroke-width": 1 });
    rest.forEach(r => loss.curve([[r, PSI[0]], [r, PSI[0] + 0.3]], { stroke: "#1b1f24", "stroke-width": 2 }));
    if (psi) loss.curve(range(161, ...RESIDUALS).map(r => [r, psi(r)]), { stroke: kind === "drawn" ? "#1b1f24" : "#8a949e" });
    else rest.forEach(r => loss.curve([[r, 0], [r, Math.abs(r) >= Math.max(...rest.map(Math.abs)) - 0.05 ? 2 * Math.sign(r) : 0]], { stroke: "#8a949e", "stroke-width": 4 }));
    loss.svg.classList.toggle("canvas", kind === "drawn");
    pairs.handles.forEach(handle => { handle.classList.add("query"); handle.classList.toggle("idle", kind !== "drawn"); });
  }

  draw();
};
