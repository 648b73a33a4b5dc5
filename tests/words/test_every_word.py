"""Every word on a page can be translated: the file and the line of each that cannot are named."""

import re
from pathlib import Path

import pytest

from tests.words import modules, templates
from tests.words.exceptions import NOT_PAGES, STAYS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*") if path.is_file() and path.name != "styleguide.html"
)
MODULES = sorted(
    path
    for package in ("clinic", "settings_app", "patients", "sms")
    for path in (ROOT / package).rglob("*.py")
    if not any(part in path.relative_to(ROOT).as_posix() for part in NOT_PAGES)
)
SCRIPTS = sorted((ROOT / "clinic/static").glob("*.js"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_says_nothing_that_cannot_be_translated(path: Path) -> None:
    found = [f"{name(path)}:{line}: {words}" for line, words in templates.bare_words(path.read_text())]
    assert not found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_nothing_that_cannot_be_translated(path: Path) -> None:
    stays = STAYS.get(name(path), set())
    found = list(modules.bare_words(path.read_text()))
    unused = {start for start in stays if not any(words.startswith(start) for _, words in found)}
    assert not unused
    assert not [
        f"{name(path)}:{line}: {words}" for line, words in found if not words.startswith(tuple(stays))
    ]


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_script_has_no_words_of_its_own(path: Path) -> None:
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", path.read_text(), flags=re.DOTALL)
    code = re.sub(r"""(querySelector(All)?|closest|matches)\((["'`]).*?\3""", "", code)
    texts = [text for _, text in re.findall(r"""(["'`])(.*?)\1""", code)]
    assert not [text for text in texts if modules.SENTENCE.search(re.sub(r"\$\{.*?\}|[\[:#>.*].*", "", text))]


def test_no_exception_is_for_a_file_that_is_gone() -> None:
    everything = [name(path) for path in ROOT.rglob("*.py") if ".venv" not in path.parts]
    assert not [part for part in NOT_PAGES if not any(part in path for path in everything)]
    assert not set(STAYS) - set(everything)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello</p>", "Hello"),
        ("<p>{% if a > b %}Hello{% endif %}</p>", "…Hello…"),
        ("<p>{{ number }} patients</p>", "… patients"),
        ('<th data-label="Name">', 'data-label="Name"'),
        ('<a class="x" title="Open {{ name }}">', 'title="Open …"'.replace("…", templates.PLACE)),
        ("{{ number|pluralize }}", "|pluralize"),
        ('{{ name|default:"none" }}', "none"),
        ('{{ at|date:"j M Y" }}', "j M Y"),
        ('{% firstof name "Everybody" %}', "Everybody"),
        ('{% include "x.html" with words="Switch it off" %}', "Switch it off"),
    ],
)
def test_bare_words_of_a_template_are_found(source: str, words: str) -> None:
    assert [bare.words for bare in templates.bare_words(source)] == [words]


@pytest.mark.parametrize(
    "source",
    [
        '<p class="lead">{% translate "Hello" %}</p>',
        "<p>{% blocktranslate %}Hello <em>{{ name }}</em>{% endblocktranslate %}</p>",
        "{# Hello #}{% comment %}Hello{% endcomment %}",
        '{{ name|default:_("none") }}{{ at|date:"DATE_FORMAT" }}{{ at|date:_("j M") }}{{ at|date:"c" }}',
        '{% firstof name _("Everybody") %}{% include "x.html" with kind="button-danger" words=_("Off") %}',
        "<p>12 · {{ name }} &nbsp; → Clinic SMS</p>",
    ],
)
def test_what_can_be_translated_is_left_alone(source: str) -> None:
    assert templates.bare_words(source) == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('def f():\n    "Doc string."\n    return "Nothing was sent."', "Nothing was sent."),
        ('said = f"{number} had gone"', "… had gone"),
        ('name = forms.CharField(label="Name")', "Name"),
        ('raise ValidationError("Wrong")', "Wrong"),
        ('messages.info(request, "Paused" if paused else _("Resumed"))', "Paused"),
        ('form.add_error("name", "Missing")', "Missing"),
        ('CHOICES = [("all", "All")]', "All"),
        ('class Kind(TextChoices):\n    ALL = "all", "All"', "All"),
        ('name = models.CharField("Name", max_length=9)', "Name"),
        ('class Meta:\n    verbose_name = "text"', "text"),
    ],
)
def test_bare_words_of_a_module_are_found(source: str, words: str) -> None:
    assert [bare.words for bare in modules.bare_words(source)] == [words]


@pytest.mark.parametrize(
    "source",
    [
        'messages.info(request, _("Paused by %(name)s.") % {"name": name})',
        'log.warning("Twilio did not answer in time.")',
        'raise ValueError("An instant needs a time zone.")',
        'def __str__(self):\n    return f"Sender budget {self.pk}"',
        'class Kind(TextChoices):\n    ALL = "all", _("All")',
    ],
)
def test_what_no_page_shows_is_left_alone(source: str) -> None:
    assert modules.bare_words(source) == []
