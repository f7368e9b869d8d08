"""Writes the figures of several runs of kist_bench as Markdown tables and SVG charts."""

import math

BASE = "lmdb"
# Beside throughput: metric, heading, what one unit of the heading is.
COSTS = [
    ("cpu_seconds", "CPU, s", 1),
    ("bytes_written", "written, MB", 1e6),
    ("flushes", "flushes", 1),
    ("file_bytes", "files, MB", 1e6),
    ("private_bytes", "private memory, MB", 1e6),
]
COLOURS = {
    "kist": "#c0392b", "kist-unverified": "#e59866", "lmdb": "#34495e", "lmdb-writemap": "#7f8c8d", "lmdb-c": "#95a5a6",
    "libmdbx": "#2980b9", "sqlite": "#27ae60", "rocksdb": "#8e44ad", "leveldb": "#d4ac0d", "json-file": "#a04000",
    "unix-socket": "#117864",
}


class Figures:
    """The rows of one run, to be asked for by name."""

    def __init__(self, rows):
        self.values = {(row["workload"], row["engine"], row["metric"]): row["value"] for row in rows}
        self.workloads = list(dict.fromkeys(row["workload"] for row in rows))
        self.engines = sorted(dict.fromkeys(row["engine"] for row in rows), key=list(COLOURS).index)

    def get(self, workload, engine, metric="ops_per_second"):
        return self.values.get((workload, engine, metric))

    def ratio(self, workload, engine):
        """To LMDB, or None where one of the two was not measured."""
        own, base = self.get(workload, engine), self.get(workload, BASE)
        return own / base if own and base else None

    def with_metric(self, metric):
        return [w for w in self.workloads if any(self.get(w, engine, metric) is not None for engine in self.engines)]


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(heading, columns, lines):
    """Markdown; `lines` are lists of cells, the first of them a name."""
    text = f"| {heading} | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}\n"
    return text + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def throughput(figures):
    def cell(workload, engine):
        ratio = figures.ratio(workload, engine)
        return number(figures.get(workload, engine)) + (f" ({ratio:.2f})" if ratio and engine != BASE else "")

    return table("workload", figures.engines, [[w] + [cell(w, e) for e in figures.engines] for w in figures.workloads])


def latencies(figures):
    def cell(workload, engine):
        values = [figures.get(workload, engine, metric) for metric in ("p50_us", "p99_us", "max_us")]
        return "-" if values[0] is None else " / ".join(map(number, values))

    return table("workload", figures.engines,
                 [[w] + [cell(w, e) for e in figures.engines] for w in figures.with_metric("p50_us")])


def costs(figures):
    """A line for each workload and engine would be long: one table for each cost."""
    parts = []
    for metric, heading, unit in COSTS:
        def cell(workload, engine):
            value = figures.get(workload, engine, metric)
            return number(None if value is None else value / unit)

        lines = [[w] + [cell(w, e) for e in figures.engines] for w in figures.with_metric(metric)]
        parts.append(table(heading, figures.engines, lines))
    return "\n".join(parts)


def others(figures):
    """Metrics that a few workloads have for themselves."""
    known = {"ops_per_second", "p50_us", "p99_us", "max_us"} | {metric for metric, _, _ in COSTS}
    metrics = sorted({metric for _, _, metric in figures.values} - known)
    lines = [
        [f"{workload}, {metric}"] + [number(figures.get(workload, engine, metric)) for engine in figures.engines]
        for metric in metrics for workload in figures.with_metric(metric)
    ]
    return table("figure", figures.engines, lines) if lines else ""


def quotient(one, other):
    return one / other if one and other else None


def times(workload):
    """Throughput in times LMDB's in the same workload."""
    return lambda figures: figures.ratio(workload, "kist")


def against(workload, base):
    """Throughput in times LMDB's in another workload."""
    return lambda figures: quotient(figures.get(workload, "kist"), figures.get(base, BASE))


def size(workload, metric):
    """The inverse of the size in times LMDB's, so that more is better here, too."""
    return lambda figures: quotient(figures.get(workload, BASE, metric), figures.get(workload, "kist", metric))


def speedup(figures):
    """By how much two threads gain more than LMDB's do."""
    own, base = (figures.get("get-2-threads", engine, "speedup") for engine in ("kist", BASE))
    return own - base if own and base else None


def of(one, other, workload, metric="ops_per_second"):
    """A figure of one engine in times another's."""
    return lambda figures: quotient(figures.get(workload, one, metric), figures.get(workload, other, metric))


# What Kist is meant to reach: set, what, how it is told, at least, hoped for. Where nothing else is said, throughput in times LMDB's
# in the same run. Aged stores may be 15% worse than fresh ones.
GOALS = [
    ("decimal16-100", "get-random", times("get-random"), 1.6, 2),
    ("int8-8", "get-random", times("get-random"), 1.6, 2.5),
    ("decimal16-100", "get-many", times("get-many"), 3, 5),
    ("decimal16-100", "scan", times("scan"), 1.5, 3),
    ("decimal16-100", "scan-reverse", times("scan-reverse"), 1.5, 3),
    ("int8-8", "scan", times("scan"), 1.5, 3),
    ("int8-8", "scan-reverse", times("scan-reverse"), 1.5, 3),
    ("decimal16-100", "fillrand-batch", times("fillrand-batch"), 1.5, 3),
    ("decimal16-100", "fillseq-batch", times("fillseq-batch"), 1, 1.5),
    ("decimal16-100", "bulk-load", times("bulk-load"), 1, 1.5),
    ("decimal16-100", "overwrite-one", times("overwrite-one"), 1.3, 4),
    ("decimal16-100", "commit-sync-one", times("commit-sync-one"), 1.5, 1.9),
    ("decimal16-100", "commit-sync-batch", times("commit-sync-batch"), 4, 10),
    ("decimal16-100", "commit-sync-16 / LMDB's commit-sync-one", against("commit-sync-16", "commit-sync-one"), 6, 12),
    ("decimal16-100", "get-2-threads, speedup less LMDB's", speedup, -0.05, None),
    ("decimal16-100", "LMDB's file / Kist's after fillrand-batch", size("fillrand-batch", "file_bytes"), 1 / 1.5, 1),
    ("decimal16-100", "LMDB's file / Kist's after compaction", size("compaction", "compacted_bytes"), 1 / 0.9, 1 / 0.8),
    ("open-1-gb", "open-close", times("open-close"), 1, None),
    ("decimal16-100", "aged-get", times("aged-get"), 1.6 * 0.85, 2),
    ("decimal16-100", "aged-scan", times("aged-scan"), 1.5 * 0.85, 3),
    ("decimal16-100", "aged-overwrite", times("aged-overwrite"), 1.3 * 0.85, 4),
    ("decimal16-100", "aged-commit-sync-batch", times("aged-commit-sync-batch"), 2.5, 10),
    ("verification", "get-random / without verification", of("kist", "kist-unverified", "get-random"), 0.95, 1),
    ("verification", "scan / without verification", of("kist", "kist-unverified", "scan"), 0.95, 1),
]


def goals(by_name):
    lines = []
    for name, what, measure, least, hoped in GOALS:
        value = measure(by_name[name]) if name in by_name else None
        if value is not None:
            verdict = "reached" if value >= least else "**short**"
            lines.append([f"{what} ({name})", f"{least:.3g}", number(hoped), f"{value:.2f}", verdict])
    return table("times LMDB", ["at least", "hoped for", "measured", ""], lines)


def fairness(figures):
    """LMDB through the harness beside plain loops in C."""
    lines = []
    for workload in figures.workloads:
        value = of(BASE, "lmdb-c", workload)(figures)
        if value is not None:
            verdict = "within 10%" if abs(value - 1) <= 0.1 else "**apart**"
            lines.append([workload] + [number(figures.get(workload, engine)) for engine in (BASE, "lmdb-c")] + [f"{value:.2f}", verdict])
    return table("operations a second", ["through the harness", "plain C", "ratio", ""], lines) if lines else ""


def chart(figures, title):
    """SVG: for each workload a group of bars, one for each engine, as long as the logarithm of its ratio to LMDB."""
    engines = [engine for engine in figures.engines if engine != BASE]
    groups = []
    for workload in figures.workloads:
        bars = [(engine, figures.ratio(workload, engine)) for engine in engines]
        bars = [(engine, ratio) for engine, ratio in bars if ratio]
        if bars:
            groups.append((workload, bars))
    ratios = [ratio for _, bars in groups for _, ratio in bars]
    low = min([math.floor(math.log2(ratio)) for ratio in ratios] + [-1])
    high = max([math.ceil(math.log2(ratio)) for ratio in ratios] + [1])
    left, width, bar, gap, top = 190, 620, 9, 8, 66
    height = top + sum(len(bars) * bar + gap for _, bars in groups) + 24

    def place(exponent):
        return left + (exponent - low) * width / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="18" font-size="14">{title}</text>',
    ]
    x = 10
    for engine in engines:
        parts.append(f'<rect x="{x}" y="28" width="10" height="10" fill="{COLOURS[engine]}"/>')
        parts.append(f'<text x="{x + 14}" y="37">{engine}</text>')
        x += 30 + 7 * len(engine)
    step = max(1, (high - low) // 12)
    for exponent in range(low, high + 1):
        if exponent % step == 0:
            label = f"{2 ** exponent}" if exponent >= 0 else f"1/{2 ** -exponent}"
            line = "black" if exponent == 0 else "#dddddd"
            parts.append(f'<line x1="{place(exponent):.1f}" x2="{place(exponent):.1f}" y1="{top - 8}" y2="{height - 20}" '
                         f'stroke="{line}"/>')
            parts.append(f'<text x="{place(exponent):.1f}" y="{top - 12}" text-anchor="middle" fill="#555555">{label}</text>')
    y = top
    for workload, bars in groups:
        parts.append(f'<text x="{left - 8}" y="{y + len(bars) * bar / 2 + 4:.1f}" text-anchor="end">{workload}</text>')
        for engine, ratio in bars:
            start, end = sorted((place(0), place(math.log2(ratio))))
            parts.append(f'<rect x="{start:.1f}" y="{y}" width="{max(end - start, 1):.1f}" height="{bar - 1}" '
                         f'fill="{COLOURS[engine]}"><title>{workload}, {engine}: {ratio:.2f}</title></rect>')
            y += bar
        y += gap
    parts.append("</svg>\n")
    return "\n".join(parts)


def set_section(chosen, figures, folder):
    title = f"{chosen['keys']} keys, values of {chosen['value_size']:,} bytes, {chosen['records']:,} records"
    picture = f"{chosen['name']}.svg"
    (folder / picture).write_text(chart(figures, f"Throughput in times LMDB's: {title}"))
    parts = [
        f"## {chosen['name']}: {title}",
        f"`{chosen['command']}`",
        f"Median of {chosen['rounds']} interleaved rounds, operations a second; in brackets, times LMDB's.",
        throughput(figures),
        "\n".join(f"* {line}" for line in chosen["skipped"]),
        f"![times LMDB]({picture})",
    ]
    if figures.with_metric("p50_us"):
        parts += ["Microseconds a transaction (or opening, or read): p50 / p99 / max.", latencies(figures)]
    parts += ["What it took.", costs(figures), others(figures)]
    return "\n\n".join(part.rstrip("\n") for part in parts if part)


def write_report(sets, described, folder):
    """Writes report.md and the charts to `folder`; returns the path of the former."""
    figures = {chosen["name"]: Figures(chosen["rows"]) for chosen in sets}
    parts = ["# Kist beside its peers", described.rstrip("\n")]
    if any("kist" in one.engines for one in figures.values()):
        parts += ["## Against what is hoped for", goals(figures).rstrip("\n")]
    plain = "\n".join(filter(None, (fairness(one) for one in figures.values())))
    if plain:
        parts += ["## LMDB through the harness, and in plain loops in C", plain.rstrip("\n")]
    parts += [set_section(chosen, figures[chosen["name"]], folder) for chosen in sets]
    path = folder / "report.md"
    path.write_text("\n\n".join(parts) + "\n")
    return path
