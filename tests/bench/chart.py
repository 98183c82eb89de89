# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark's charts, by gnuplot."""

import subprocess


def draw(path, title, unit, bars):
    """Horizontal bars, the cheapest on top: (name, value, label, is it netlab's)."""
    bars = sorted(bars, key=lambda bar: -bar[1])
    data = "\n".join(f'{value} {i} {int(mine)} "{label}"'
                     for i, (_, value, label, mine) in enumerate(bars))
    names = ", ".join(f'"{bar[0]}" {i}' for i, bar in enumerate(bars))
    script = f"""set terminal pngcairo noenhanced size 1000,{110 + 46 * len(bars)} font "sans,13" background "#ffffff"
set output "{path}"
set label "{title}" at screen 0.5, 0.95 center font "sans,16"
set label "{unit}" at screen 0.5, 0.04 center
set tmargin at screen 0.9
set bmargin at screen 0.15
set xrange [0:{max(bar[1] for bar in bars) * (1.04 + 0.02 * max(len(bar[2]) for bar in bars))}]
set yrange [-0.6:{len(bars) - 0.4}]
set ytics ({names}) scale 0
set lmargin at screen 0.4
set rmargin at screen 0.97
set border 1
set xtics nomirror
set grid xtics linecolor "#dddddd"
set style fill solid
unset key
rgb(mine) = mine == 1 ? 0x2a7f3f : 0x8a9aab
$data << EOD
{data}
EOD
plot $data using (0):2:(0):1:($2-0.36):($2+0.36):(rgb($3)) with boxxyerror linecolor rgb variable, \\
     $data using 1:2:4 with labels left offset 0.6,0
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True, timeout=60)
