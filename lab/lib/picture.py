# SPDX-License-Identifier: GPL-2.0-only
"""A network as a drawing, in text and as SVG: one layout, in cells of a character each."""
from html import escape

CELL, LINE = 8, 17  # of SVG, in pixels
BOX = 3  # lines of a node


class Layout:
    """boxes: (x, y, width, name); lines: (x1, y1, x2, y2); texts: (x, y, text)."""

    def __init__(self, topology, counters=None):
        self.topology, self.counters = topology, counters or {}
        self.boxes, self.lines, self.texts = [], [], []
        self.at = {node: tuple(words["at"]) for node, words in topology.nodes.items()}
        self._columns()
        self._rows()
        for node, (column, row) in self.at.items():
            self.boxes.append((self.x[column], self.y[row], self.widths[column], node))
        for one, other in topology.links:
            if self.at[one.node] > self.at[other.node]:
                one, other = other, one
            if self.at[one.node][1] == self.at[other.node][1]:
                self._beside(one, other)
            else:
                self._below(one, other)
        self.width = max([x + w for x, _, w, _ in self.boxes] + [x + len(t) for x, _, t in self.texts])
        self.height = max([y + BOX for _, y, _, _ in self.boxes] + [y + 1 for _, y, _ in self.texts])

    def label(self, end):
        label = [end.dev, *end.addresses]
        if end.netem:
            label.append(end.netem)
        counter = self.counters.get((end.node, end.dev))
        return label + ([counter] if counter else [])

    def _columns(self):
        columns = range(max(c for c, _ in self.at.values()) + 1)
        self.widths = [max([len(n) for n, (c, _) in self.at.items() if c == column] + [0]) + 4 for column in columns]
        gaps = [4 for _ in columns]
        for one, other in self.topology.links:
            left, right = sorted((one, other), key=lambda end: self.at[end.node])
            if self.at[left.node][1] == self.at[right.node][1]:
                column = self.at[left.node][0]
                pairs = zip_long(self.label(left), self.label(right))
                gaps[column] = max(gaps[column], *(len(a) + len(b) + 4 for a, b in pairs))
        for end in self.vertical():
            # It stands below the box, and may reach into the gap.
            column = self.at[end.node][0]
            gaps[column] = max(gaps[column], max(map(len, self.label(end))) + 4 - self.widths[column] // 2)
        self.x = [sum(self.widths[:c]) + sum(gaps[:c]) for c in columns]

    def vertical(self):
        return [end for link in self.topology.links for end in link
                if self.at[link[0].node][1] != self.at[link[1].node][1]]

    def _rows(self):
        rows = range(max(r for _, r in self.at.values()) + 1)
        self.beside, heights = [], []
        for row in rows:
            ends = [end for link in self.topology.links for end in link
                    if all(self.at[e.node][1] == row for e in link)]
            labels = max([len(self.label(end)) for end in ends] + [0])
            self.beside.append(max(BOX, labels + 1))
            below = [len(self.label(end)) for end in self.vertical()]
            heights.append(self.beside[row] + (2 * max(below) + 1 if below and row < rows[-1] else 1))
        self.y = [sum(heights[:r]) for r in rows]

    def _put(self, x, y, lines, right=False):
        for n, text in enumerate(lines):
            self.texts.append((x - len(text) + 1 if right else x, y + n, text))

    def _beside(self, one, other):
        column, row = self.at[one.node]
        left, right, y = self.x[column] + self.widths[column], self.x[column + 1] - 1, self.y[row] + 1
        self.lines.append((left - 1, y, right + 1, y))
        for end, x, to_right in (one, left + 1, False), (other, right - 1, True):
            label = self.label(end)
            self._put(x, y - 1, label[:1], to_right)
            self._put(x, y + 1, label[1:], to_right)

    def _below(self, one, other):
        if self.at[one.node][1] > self.at[other.node][1]:
            one, other = other, one
        column, row = self.at[one.node]
        x = self.x[column] + self.widths[column] // 2
        self.lines.append((x, self.y[row] + BOX - 1, x, self.y[row + 1]))
        self._put(x + 2, self.y[row] + self.beside[row], self.label(one))
        label = self.label(other)
        self._put(x + 2, self.y[row + 1] - len(label), label)


def zip_long(one, other):
    length = max(len(one), len(other))
    return zip(one + [""] * (length - len(one)), other + [""] * (length - len(other)))


def text(topology, counters=None):
    layout = Layout(topology, counters)
    cells = [[" "] * (layout.width + 1) for _ in range(layout.height + 1)]

    def put(x, y, word):
        cells[y][x:x + len(word)] = word

    for x, y, width, name in layout.boxes:
        put(x, y, "┌" + "─" * (width - 2) + "┐")
        put(x, y + 1, "│ " + name.ljust(width - 4) + " │")
        put(x, y + 2, "└" + "─" * (width - 2) + "┘")
    for x1, y1, x2, y2 in layout.lines:
        if y1 == y2:
            put(x1, y1, "├" + "─" * (x2 - x1 - 1) + "┤")
            continue
        for y in range(y1 + 1, y2):
            put(x1, y, "│")
        put(x1, y1, "┬")
        put(x1, y2, "┴")
    for x, y, word in layout.texts:
        put(x, y, word)
    return "\n".join("".join(line).rstrip() for line in cells).rstrip("\n")


def svg(topology):
    layout = Layout(topology)
    width, height = (layout.width + 4) * CELL, (layout.height + 4) * LINE

    def x_of(cell):
        return (cell + 2) * CELL

    def y_of(line):
        return (line + 3) * LINE

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           'font-family="monospace" font-size="13" fill="#1b1f24">',
           f"<title>{escape(topology.title)}</title>",
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           f'<text x="{x_of(0)}" y="{LINE * 1.5:g}" font-size="15">{escape(topology.title)}</text>']
    for x1, y1, x2, y2 in layout.lines:
        half = LINE / 2
        out.append(f'<line x1="{x_of(x1) + CELL / 2:g}" y1="{y_of(y1) + half:g}" x2="{x_of(x2) + CELL / 2:g}" '
                   f'y2="{y_of(y2) + half:g}" stroke="#57606a" stroke-width="2"/>')
    for x, y, cells, name in layout.boxes:
        out.append(f'<rect x="{x_of(x)}" y="{y_of(y)}" width="{cells * CELL}" height="{BOX * LINE}" rx="6" '
                   'fill="#ddf4ff" stroke="#0969da" stroke-width="1.5"/>')
        out.append(f'<text x="{x_of(x) + cells * CELL / 2:g}" y="{y_of(y) + BOX * LINE / 2 + 5:g}" '
                   f'text-anchor="middle" font-weight="bold">{escape(name)}</text>')
    for x, y, word in layout.texts:
        out.append(f'<text x="{x_of(x)}" y="{y_of(y) + LINE - 4}" textLength="{len(word) * CELL}">{escape(word)}</text>')
    return "\n".join(out + ["</svg>"])
