// How is a trace of 50,000 spans drawn? On one canvas, as a flame or as a tree; only what can be seen, as fast as it scrolls.
const ROW = 22, HEAD = 22, PAD = 6, TEXT = "12px 'Source Sans', 'Source Sans 3', sans-serif";

export default function (component) {
  const { parentElement, setStateValue } = component, data = { ...component.data };
  for (const { name } of data.spans.schema.fields) data[name] = data.spans.getChild(name).toArray();
  const root = parentElement.querySelector(".flame");
  const state = (root.state ??= { from: 0, to: 1, top: 0, selected: -1, hover: -1 });
  const canvas = root.querySelector("canvas"), tip = root.querySelector(".tip"), said = root.querySelector(".said");
  const style = getComputedStyle(root), ink = style.getPropertyValue("--st-text-color") || "#222";
  const paper = style.getPropertyValue("--st-background-color") || "#fff";
  const rows = data.depth.length, byTime = data.measure === "time", tree = data.shape === "tree";
  if (state.key !== data.key) Object.assign(state, { key: data.key, from: 0, to: 1, top: 0, selected: data.selected });
  const { left, right } = spread(data, byTime);
  data.row = byTime ? lanes(data.begin, data.end, data.parent) : data.depth;
  const deepest = data.row.reduce((most, row) => Math.max(most, row), 0);
  const height = HEAD + Math.min(tree ? rows : deepest + 1, 26) * ROW + PAD;
  canvas.style.height = height + "px";
  root.querySelector(".legend").replaceChildren(...[...new Set(data.category)].sort().map(swatch));

  function swatch(category) {
    const entry = document.createElement("span"), square = document.createElement("i");
    square.style.background = data.colors[category];
    entry.append(square, data.categories[category]);
    return entry;
  }

  const name = (i) => data.names[data.name[i]];
  const amount = (value) => {
    if (data.measure === "dollars" && !value) return "$0";
    if (data.measure === "dollars") return "$" + value.toFixed(value >= 1 ? 2 : 4);
    if (data.measure === "tokens") return Math.round(value).toLocaleString("en") + " tokens";
    return value >= 1000 ? +(value / 1000).toFixed(2) + " s" : +value.toFixed(value < 10 ? 2 : 0) + " ms";
  };
  const describe = (i) => `${name(i)} (${data.categories[data.category[i]]}): own ${amount(data.own[i])}, Σ with all below ${amount(data.total[i])}`;

  function draw() {
    const ratio = window.devicePixelRatio || 1, width = root.clientWidth;
    if (!width) return;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = TEXT;
    pen.textBaseline = "middle";
    (tree ? drawTree : drawFlame)(pen, width);
    root.dataset.drawn = rows;
  }

  function drawFlame(pen, width) {
    axis(pen, 0, width);
    const x = (value) => ((value - state.from) / (state.to - state.from)) * width;
    const reached = [];
    for (let i = 0; i < rows; i++) {
      const row = data.row[i] - state.top;
      if (row < 0 || HEAD + row * ROW > height || right[i] < state.from || left[i] > state.to) continue;
      let from = Math.max(x(left[i]), 0), to = Math.min(x(right[i]), width);
      // What is narrower than a pixel is drawn once a pixel.
      if (to - from < 1) { if (reached[row] > to) continue; to = from + 1; }
      reached[row] = to;
      box(pen, i, from, HEAD + row * ROW, to - from, x);
    }
  }

  function box(pen, i, from, y, width, x) {
    const color = data.colors[data.category[i]];
    pen.fillStyle = color;
    pen.globalAlpha = byTime ? 0.55 : 0.4;
    pen.fillRect(from, y + 1, Math.max(width - 0.5, 0.6), ROW - 2);
    pen.globalAlpha = 1;
    if (!byTime && data.total[i] > 0) {
      const own = x(left[i] + (right[i] - left[i]) * (data.own[i] / data.total[i]));
      if (own > from) pen.fillRect(from, y + 1, Math.min(own, from + width) - from, ROW - 2);
    }
    if (i === state.selected) { pen.strokeStyle = ink; pen.lineWidth = 2; pen.strokeRect(from + 1, y + 2, Math.max(width - 2, 1), ROW - 4); }
    if (width > 36) clipped(pen, `${name(i)} · ${data.own[i] < data.total[i] && !byTime ? "Σ " : ""}${amount(data.total[i])}`, from + 5, y + ROW / 2, width - 8, ink, !byTime);
  }

  function drawTree(pen, width) {
    const columns = [width - 270, width - 190, width - 100];
    pen.fillStyle = ink;
    pen.globalAlpha = 0.65;
    ["own", "Σ with all below", "share of Σ"].forEach((title, at) => clipped(pen, title, columns[at] - (at < 2 ? 30 : 0), HEAD / 2, 110, ink));
    pen.globalAlpha = 1;
    const whole = data.total.reduce((sum, value, i) => sum + (data.parent[i] < 0 ? value : 0), 0) || 1;
    for (let row = 0; row * ROW + HEAD < height - PAD && row + state.top < rows; row++) {
      const i = row + state.top, y = HEAD + row * ROW, indent = 8 + Math.min(data.depth[i], 24) * 14;
      if (i === state.selected || i === state.hover) { pen.globalAlpha = i === state.selected ? 0.16 : 0.07; pen.fillStyle = ink; pen.fillRect(0, y, width, ROW); pen.globalAlpha = 1; }
      pen.fillStyle = data.colors[data.category[i]];
      pen.fillRect(indent, y + 6, 10, 10);
      clipped(pen, name(i), indent + 16, y + ROW / 2, columns[0] - indent - 60, ink);
      pen.textAlign = "right";
      clipped(pen, amount(data.own[i]), columns[0] + 20, y + ROW / 2, 90, ink);
      clipped(pen, data.own[i] < data.total[i] ? "Σ " + amount(data.total[i]) : amount(data.total[i]), columns[1] + 70, y + ROW / 2, 110, ink);
      pen.textAlign = "left";
      pen.fillStyle = data.colors[data.category[i]];
      pen.globalAlpha = 0.4;
      pen.fillRect(columns[2], y + 6, 92 * Math.min(1, data.total[i] / whole), 10);
      pen.globalAlpha = 1;
      pen.fillRect(columns[2], y + 6, 92 * Math.min(1, data.own[i] / whole), 10);
    }
  }

  // The next larger of 1, 2, 5, 10 … : ticks that people count in.
  function round(length) {
    const power = 10 ** Math.floor(Math.log10(length)), part = length / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
  }

  function axis(pen, from, width) {
    const whole = byTime ? data.end.reduce((most, end) => Math.max(most, end), 0) : data.total.reduce((sum, value, i) => sum + (data.parent[i] < 0 ? value : 0), 0);
    const begin = state.from * whole, seen = (state.to - state.from) * whole, step = round(seen / 6);
    if (!(step > 0)) return;
    for (let tick = Math.ceil(begin / step - 1e-9); tick * step < begin + seen; tick++) {
      const x = from + ((tick * step - begin) / seen) * width;
      pen.fillStyle = ink;
      pen.globalAlpha = 0.12;
      pen.fillRect(x, 0, 1, height);
      pen.globalAlpha = 0.65;
      clipped(pen, tick ? amount(tick * step) : "0", x + 4, HEAD / 2, Math.min((step / seen) * width, from + width - x) - 6, ink);
    }
    pen.globalAlpha = 1;
  }

  function clipped(pen, text, x, y, room, color, halo = false) {
    if (room < 14) return;
    const fits = Math.floor(room / 6.1);
    const shown = text.length > fits ? text.slice(0, Math.max(1, fits - 1)) + "…" : text;
    if (halo) { pen.strokeStyle = paper; pen.lineWidth = 3; pen.lineJoin = "round"; pen.strokeText(shown, x, y); }
    pen.fillStyle = color;
    pen.fillText(shown, x, y);
  }

  function at(event) {
    const area = canvas.getBoundingClientRect(), row = Math.floor((event.clientY - area.top - HEAD) / ROW);
    if (row < 0) return -1;
    if (tree) return row + state.top < rows ? row + state.top : -1;
    const value = state.from + ((event.clientX - area.left) / area.width) * (state.to - state.from), slack = (state.to - state.from) / area.width;
    let found = -1;
    for (let i = 0; i < rows; i++)
      if (data.row[i] - state.top === row && left[i] - slack <= value && right[i] + slack >= value && (found < 0 || right[i] - left[i] < right[found] - left[found])) found = i;
    return found;
  }

  function select(i, zoom) {
    if (i < 0 || i >= rows) return;
    state.selected = i;
    if (zoom && !tree) { const room = Math.max(right[i] - left[i], 1e-9) * 0.02; state.from = Math.max(0, left[i] - room); state.to = Math.min(1, right[i] + room); }
    const seen = Math.floor((height - HEAD - PAD) / ROW), row = tree ? i : data.row[i];
    if (row < state.top || row >= state.top + seen) state.top = Math.max(0, row - Math.floor(seen / 2));
    said.textContent = describe(i);
    draw();
    setStateValue("span", i);
  }

  const next = (i, step) => { for (let j = i + step; j >= 0 && j < rows; j += step) if (tree || data.depth[j] === data.depth[i]) return j; return i; };
  const keys = {
    ArrowDown: (i) => (tree ? next(i, 1) : i + 1 < rows && data.parent[i + 1] === i ? i + 1 : i),
    ArrowUp: (i) => (tree ? next(i, -1) : Math.max(data.parent[i], 0)),
    ArrowRight: (i) => (tree ? (data.parent[i + 1] === i ? i + 1 : i) : next(i, 1)),
    ArrowLeft: (i) => (tree ? Math.max(data.parent[i], 0) : next(i, -1)),
    Home: () => 0,
    End: () => rows - 1,
  };
  canvas.onkeydown = (event) => {
    if (event.key === "Escape") { Object.assign(state, { from: 0, to: 1, top: 0 }); draw(); }
    else if (event.key === "Enter") select(state.selected, true);
    else if (keys[event.key]) select(keys[event.key](Math.max(state.selected, 0)), false);
    else return;
    event.preventDefault();
  };
  canvas.onfocus = () => { said.textContent = describe(Math.max(state.selected, 0)); };
  canvas.onclick = (event) => { canvas.focus(); select(at(event), false); };
  canvas.ondblclick = (event) => { const i = at(event); if (i >= 0) select(i, true); else { Object.assign(state, { from: 0, to: 1 }); draw(); } };
  canvas.onmousemove = (event) => {
    state.hover = at(event);
    tip.hidden = state.hover < 0;
    canvas.style.cursor = state.hover < 0 ? "default" : "pointer";
    if (state.hover >= 0) { tip.textContent = describe(state.hover); tip.style.left = Math.min(event.offsetX + 12, root.clientWidth - 320) + "px"; tip.style.top = canvas.offsetTop + event.offsetY + 18 + "px"; }
    if (tree) draw();
  };
  canvas.onmouseleave = () => { state.hover = -1; tip.hidden = true; draw(); };
  canvas.onwheel = (event) => {
    const zooming = event.ctrlKey || event.metaKey, seen = Math.floor((height - HEAD - PAD) / ROW);
    const last = Math.max(0, (tree ? rows : deepest + 1) - seen);
    if (zooming && !tree) {
      const where = state.from + (event.offsetX / root.clientWidth) * (state.to - state.from), by = event.deltaY > 0 ? 1.25 : 0.8;
      state.from = Math.max(0, where - (where - state.from) * by);
      state.to = Math.min(1, where + (state.to - where) * by);
    } else {
      const top = Math.min(last, Math.max(0, state.top + Math.sign(event.deltaY) * 3));
      if (top === state.top) return;
      state.top = top;
    }
    event.preventDefault();
    draw();
  };
  canvas.setAttribute("aria-label", `${rows.toLocaleString("en")} spans by ${data.measure}. Arrow keys move, Enter zooms, Escape shows everything.`);
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  if (state.selected >= 0 && state.selected < rows) said.textContent = describe(state.selected);
  draw();
  return () => watch.disconnect();
}
