"""The guide's little Markdown."""

from clinic.lib.guide_text import as_html, title_of


def html(body: str) -> str:
    return as_html(f"# Title\n\n{body}", lambda target: f"/at/{target}")


def test_the_first_line_is_the_title_and_no_part_of_the_body() -> None:
    assert title_of("# Replies and STOP\n\nText.") == "Replies and STOP"
    assert html("Text.") == "<p>Text.</p>"


def test_headings_can_be_linked_to() -> None:
    assert html("## What is left?") == '<h2 id="what-is-left">What is left?</h2>'
    assert html("### Below") == '<h3 id="below">Below</h3>'


def test_lists_of_both_kinds_whose_items_run_over_lines() -> None:
    assert html("- one\n- two\n  and more") == "<ul><li>one</li><li>two and more</li></ul>"
    assert html("1. one\n2. two\n   and more") == "<ol><li>one</li><li>two and more</li></ol>"


def test_words_are_set_off_and_linked() -> None:
    assert html("**Send** *now* `{name}` [on](x.md)") == (
        '<p><strong>Send</strong> <em>now</em> <code>{name}</code> <a href="/at/x.md">on</a></p>'
    )


def test_an_image_stands_alone_with_its_words() -> None:
    assert html("![A bar](images/a.webp)") == (
        '<p><img src="/at/images/a.webp" alt="A bar" loading="lazy"></p>'
    )


def test_markup_is_shown_and_not_obeyed() -> None:
    assert html("<b>1 & 2</b>") == "<p>&lt;b&gt;1 &amp; 2&lt;/b&gt;</p>"
    assert html('![" onerror="x](a)').count('"') == 6
