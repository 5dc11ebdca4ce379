"""Charts of the console as plain data."""

import json

from shop.core.dashboard import SERIES_COLOURS, ChartPanel


def test_no_series_vanishes_and_each_is_named_where_there_are_several():
    names = [f"承运商 {number}" for number in range(len(SERIES_COLOURS) + 2)]
    chart = ChartPanel("准时率", "line", ["11-20"], {name: [90.0] for name in names})
    assert [each["label"] for each in json.loads(chart.data)["datasets"]] == names
    assert [name for name, _colour in chart.legend] == names
    assert chart.legend[0][1] == chart.legend[len(SERIES_COLOURS)][1] == SERIES_COLOURS[0]
    assert ChartPanel("运费", "bar", ["11-20"], {"运费": [5.0]}).legend == []
