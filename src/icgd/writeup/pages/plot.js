// Plots as SVG with points that can be dragged, and the controls beside them.

const SVG = "http://www.w3.org/2000/svg";
const shape = (name, attributes = {}) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
const node = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const figure = value => (Math.abs(value) < 5e-4 ? "0" : value.toFixed(Math.abs(value) < 0.1 ? 3 : 2)).replace("-", "−");
const range = (count, low, high) => Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

// Ticks at some values, for `Plot`.
const ticks = values => Object.fromEntries(values.map(value => [value, String(value).replace("-", "−")]));

// Uniform numbers from a seed (mulberry32), so that the page begins the same for everyone.
function randomness(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const normal = random => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

// So near, in the units of a plot's picture, a press must be to a point.
const REACHED = 24;

class Plot {
  // Axes over x and y, each [low, high]; marks: {x: {value: text}, y: …}.
  constructor(host, { x, y, xlabel, ylabel, label, height = 380, left = 58, marks = {} }) {
    Object.assign(this, { x, y, width: 560, height, margin: { left, right: 12, top: 12, bottom: 42 } });
    this.svg = shape("svg", { viewBox: `0 0 ${this.width} ${height}`, role: "group", "aria-label": label });
    this.axes(xlabel, ylabel, marks);
    const clip = `clip-${Plot.count = (Plot.count ?? 0) + 1}`, { right, top, bottom } = this.margin;
    const frame = shape("clipPath", { id: clip });
    frame.append(shape("rect", { x: left, y: top, width: this.width - left - right, height: height - top - bottom }));
    this.curves = shape("g", { "clip-path": `url(#${clip})` });
    this.top = shape("g");
    this.svg.append(frame, this.curves, this.top);
    host.append(this.svg);
    this.movable = [];
    this.listen();
  }

  // A pointer takes the point that is nearest, so that it need not hit it.
  listen() {
    let held = null;
    this.svg.addEventListener("pointerdown", event => {
      if (!(held = this.nearest(event))) return;
      this.svg.setPointerCapture(event.pointerId);
      held.points.handles[held.index].focus({ preventScroll: true });
      event.preventDefault();
    });
    // A finger on a point moves it and not the page: what lies in an SVG cannot tell that by its touch-action.
    this.svg.addEventListener("touchstart", event => { if (held) event.preventDefault(); }, { passive: false });
    this.svg.addEventListener("pointermove", event => { if (held) held.points.move(held.index, this.at(event)); });
    for (const end of ["pointerup", "pointercancel"]) this.svg.addEventListener(end, () => { held = null; });
    this.svg.addEventListener("dblclick", event => { const found = this.nearest(event); if (found) found.points.outlier(found.index); });
  }

  nearest(event) {
    const [x, y] = this.at(event), every = this.movable.flatMap(points => points.places.map((place, index) => ({ points, index, place })));
    const away = ({ place }) => Math.hypot(this.px(place[0]) - this.px(x), this.py(place[1]) - this.py(y));
    const found = every.reduce((best, each) => (away(each) < away(best) ? each : best), every[0]);
    return found && away(found) < REACHED ? found : null;
  }

  axes(xlabel, ylabel, marks) {
    const { left, right, top, bottom } = this.margin, [low, high] = [this.height - bottom, top];
    const add = (name, attributes, text) => this.svg.append(Object.assign(shape(name, attributes), { textContent: text ?? "" }));
    for (const [value, text] of Object.entries(marks.x)) {
      add("line", { x1: this.px(+value), x2: this.px(+value), y1: low, y2: high, class: "grid" });
      add("text", { x: this.px(+value), y: low + 17, class: "tick", "text-anchor": "middle" }, text);
    }
    for (const [value, text] of Object.entries(marks.y)) {
      add("line", { x1: left, x2: this.width - right, y1: this.py(+value), y2: this.py(+value), class: "grid" });
      add("text", { x: left - 7, y: this.py(+value) + 4, class: "tick", "text-anchor": "end" }, text);
    }
    add("text", { x: (left + this.width - right) / 2, y: this.height - 6, class: "name", "text-anchor": "middle" }, xlabel);
    const middle = (top + low) / 2;
    add("text", { x: 13, y: middle, class: "name", "text-anchor": "middle", transform: `rotate(-90 13 ${middle})` }, ylabel);
  }

  px(value) { return this.margin.left + ((value - this.x[0]) / (this.x[1] - this.x[0])) * (this.width - this.margin.left - this.margin.right); }
  py(value) { return this.height - this.margin.bottom - ((value - this.y[0]) / (this.y[1] - this.y[0])) * (this.height - this.margin.top - this.margin.bottom); }

  // Where a pointer is, in the plot's own units.
  at(event) {
    const box = this.svg.getBoundingClientRect(), scale = this.width / box.width, { left, right, top, bottom } = this.margin;
    const u = ((event.clientX - box.left) * scale - left) / (this.width - left - right);
    const v = (this.height - bottom - (event.clientY - box.top) * scale) / (this.height - top - bottom);
    return [within(this.x[0] + u * (this.x[1] - this.x[0]), this.x), within(this.y[0] + v * (this.y[1] - this.y[0]), this.y)];
  }

  clear() { this.curves.replaceChildren(); }

  curve(points, style) {
    const held = ([x, y]) => `${this.px(x).toFixed(1)},${within(this.py(y), [-2000, 2000 + this.height]).toFixed(1)}`;
    this.curves.append(shape("polyline", { points: points.map(held).join(" "), fill: "none", "stroke-width": 3, ...style }));
  }

  mark([x, y], kind, style) {
    const [u, v] = [this.px(x), this.py(y)], r = 7;
    const paths = {
      circle: `M${u - r},${v} a${r},${r} 0 1,0 ${2 * r},0 a${r},${r} 0 1,0 ${-2 * r},0`,
      square: `M${u - r},${v - r} h${2 * r} v${2 * r} h${-2 * r} z`,
      cross: `M${u - r},${v - r} l${2 * r},${2 * r} m0,${-2 * r} l${-2 * r},${2 * r}`,
    };
    this.curves.append(shape("path", { d: paths[kind], "stroke-width": 3, ...style }));
  }

  add(name, attributes) { this.curves.append(shape(name, attributes)); }
}

// Points that are moved with a pointer or, once one has the focus, with the arrow keys.
class Points {
  constructor(plot, places, changed, free = "xy") {
    Object.assign(this, { plot, changed, free, places: [], handles: [] });
    plot.movable.push(this);
    this.set(places);
  }

  set(places) {
    this.places = places.map(place => [...place]);
    this.handles.forEach(handle => handle.remove());
    this.handles = this.places.map((_, index) => this.handle(index));
    this.plot.top.append(...this.handles);
    this.places.forEach((_, index) => this.draw(index));
  }

  handle(index) {
    const made = shape("g", { class: "point", tabindex: 0, role: "slider" });
    made.append(shape("circle", { r: REACHED, class: "reach" }), shape("circle", { r: 8, class: "dot" }));
    made.addEventListener("keydown", event => this.key(event, index));
    return made;
  }

  key(event, index) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [0, 0];
    if (event.key === "o" && this.free === "xy") this.outlier(index);
    if (!dx && !dy) return;
    event.preventDefault();
    const share = event.shiftKey ? 0.1 : 0.025, { x, y } = this.plot, [u, v] = this.places[index];
    this.move(index, [within(u + dx * share * (x[1] - x[0]), x), within(v + dy * share * (y[1] - y[0]), y)]);
  }

  outlier(index) {
    const [low, high] = this.plot.y, [u, v] = this.places[index], margin = 0.04 * (high - low);
    this.move(index, [u, v > (low + high) / 2 ? low + margin : high - margin]);
  }

  move(index, [u, v]) {
    const [x, y] = this.places[index];
    this.places[index] = [this.free.includes("x") ? u : x, this.free.includes("y") ? v : y];
    this.draw(index);
    this.changed();
  }

  draw(index) {
    const [x, y] = this.places[index], handle = this.handles[index], [u, v] = [this.plot.px(x), this.plot.py(y)];
    handle.setAttribute("transform", `translate(${u.toFixed(1)} ${v.toFixed(1)})`);
    const main = this.free === "x" ? [x, this.plot.x] : [y, this.plot.y];
    const told = { label: `${this.free === "x" ? "place" : "point"} ${index + 1}`, valuetext: `${figure(x)}, ${figure(y)}`,
      valuenow: main[0].toFixed(3), valuemin: main[1][0], valuemax: main[1][1] };
    for (const [key, value] of Object.entries(told)) handle.setAttribute(`aria-${key}`, value);
  }
}

const button = (text, action) => {
  const made = node("button", { type: "button", textContent: text });
  made.addEventListener("click", action);
  return made;
};

function slider(text, { min = 0, max, value, name = String }, changed) {
  const input = node("input", { type: "range", min, max, step: 1 }), shown = node("output");
  input.value = value;
  const update = () => { shown.textContent = name(+input.value); input.setAttribute("aria-valuetext", name(+input.value)); };
  input.addEventListener("input", () => { update(); changed(+input.value); });
  update();
  return node("label", { className: "slider" }, node("span", { textContent: text }), input, shown);
}

function choice(text, options, changed) {
  const select = node("select", {}, ...options.map(([value, name]) => node("option", { value, textContent: name })));
  select.addEventListener("change", () => changed(select.value));
  return node("label", {}, `${text} `, select);
}

// What is drawn in which colour; each entry can be switched off.
function legend(entries, changed) {
  const shown = Object.fromEntries(entries.map(({ name, off }) => [name, !off]));
  const items = entries.map(({ name, label, colour, dash }) => {
    const box = node("input", { type: "checkbox", checked: shown[name] });
    box.addEventListener("change", () => { shown[name] = box.checked; changed(); });
    const line = shape("svg", { width: 34, height: 12, "aria-hidden": true });
    line.append(shape("line", { x1: 1, x2: 33, y1: 6, y2: 6, stroke: colour, "stroke-width": 4, "stroke-dasharray": dash ?? "" }));
    return node("label", {}, box, line, label);
  });
  return { shown, host: node("div", { className: "legend" }, ...items) };
}
