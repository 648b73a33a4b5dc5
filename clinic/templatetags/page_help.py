"""Each page's own help: templates/help/, one file for each address, by its name."""

from typing import cast

from django import template
from django.template import Context
from django.template.loader import select_template
from django.utils.safestring import SafeString

from clinic import guide

register = template.Library()


def file_of(view_name: str) -> str:
    """ "sms:compose" has help/sms/compose.html."""
    return f"help/{view_name.replace(':', '/')}.html"


@register.simple_tag(takes_context=True)
def page_help(context: Context) -> SafeString:
    """The panel "Help with this page"; nothing where no help was written, or on an error page without a request."""
    match = getattr(context.get("request"), "resolver_match", None)
    if match is None:
        return SafeString("")
    found = select_template([file_of(match.view_name), "help/none.html"])
    return cast("SafeString", found.render(context.flatten(), context["request"]))


@register.inclusion_tag("help/_more.html")
def more_in_the_guide(page: str) -> dict[str, str]:
    """The last line of a help: where the guide says more."""
    return {"page": page, "title": guide.title_of(guide.text_of(page))}
