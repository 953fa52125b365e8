// Where does each span of a flame stand? In columns as they come: parents first, siblings by their beginning.
const MOST = 48; // Rows that are looked through for a free one: what is beyond could hardly be seen, and stands in the last.

// The row of each span by time: below its parent, and beside none that ran at once. What is below a span keeps together.
export function lanes(begin, end, parent) {
  const count = parent.length, first = new Int32Array(count + 1).fill(-1), next = new Int32Array(count).fill(-1);
  const begins = Float64Array.from(begin), ends = Float64Array.from(end);
  const heights = new Int32Array(count).fill(1), rows = new Int32Array(count);
  for (let i = count - 1; i >= 0; i--) { next[i] = first[parent[i] + 1]; first[parent[i] + 1] = i; }

  function pack(above) {
    const free = [];
    let height = 0;
    for (let i = first[above + 1]; i >= 0; i = next[i]) {
      let row = 0, run = 0;
      while (run < heights[i] && row + run < Math.min(free.length, MOST))
        if (free[row + run] <= begins[i]) run++; else { row += run + 1; run = 0; }
      rows[i] = row;
      const until = Math.max(ends[i], begins[i] + 1e-6); // A nanosecond: what has no length takes its place, too.
      for (let at = row; at < row + heights[i]; at++) free[at] = until;
      height = Math.max(height, row + heights[i]);
      if (above >= 0) { begins[above] = Math.min(begins[above], begins[i]); ends[above] = Math.max(ends[above], ends[i]); }
    }
    if (above >= 0) heights[above] = 1 + height;
  }
  for (let i = count - 1; i >= -1; i--) if (first[i + 1] >= 0) pack(i);
  for (let i = 0; i < count; i++) if (parent[i] >= 0) rows[i] += rows[parent[i]] + 1;
  return rows;
}

// Where each span begins and ends, as shares of the whole: by time as it was, else side by side within its parent.
export function spread(data, byTime) {
  const rows = data.depth.length, left = new Float64Array(rows), right = new Float64Array(rows);
  if (byTime) {
    const whole = data.end.reduce((most, end) => Math.max(most, end), 0) || 1;
    for (let i = 0; i < rows; i++) { left[i] = data.begin[i] / whole; right[i] = data.end[i] / whole; }
    return { left, right };
  }
  const whole = data.total.reduce((sum, value, i) => sum + (data.parent[i] < 0 ? value : 0), 0) || 1;
  const reached = new Float64Array(rows);
  let top = 0;
  for (let i = 0; i < rows; i++) {
    const parent = data.parent[i], width = data.total[i] / whole;
    left[i] = parent < 0 ? top : reached[parent];
    right[i] = left[i] + width;
    if (parent < 0) top = right[i]; else reached[parent] = right[i];
    reached[i] = left[i] + data.own[i] / whole;
  }
  return { left, right };
}
