"""HTML of the widgets."""

from mixpanel_magics.widgets import styles

HOSTILE = "<img src=x onerror=alert(1)>'\x1b[31m"


def test_nothing_that_is_shown_is_live():
    shown = [
        styles.note(HOSTILE, hint=HOSTILE),
        styles.title(HOSTILE),
        styles.code(HOSTILE),
        styles.table([HOSTILE], [[HOSTILE]]),
    ]
    for html in shown:
        assert "<img" not in html
        assert "onerror=alert(1)&gt;&#x27;" in html
        assert "\x1b" not in html


def test_cells_tell_numbers_from_text_and_null():
    html = styles.table(["a", "b", "c", "d"], [[1234, "1234", None, True]])
    assert "<td class='mp-number'>1,234</td>" in html
    assert "<td title='1234'>1234</td>" in html
    assert "<td class='mp-null'>null</td>" in html
    assert "<td title='True'>True</td>" in html
