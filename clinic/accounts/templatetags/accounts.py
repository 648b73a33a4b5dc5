"""A QR code as part of the page: as an image it would need a data: address, which the CSP refuses."""

import re

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def qr_code(svg: str) -> SafeString:
    """`svg` as the library draws it, of numbers alone: only its drawing is kept, on a white ground."""
    box = re.search(r'viewBox="([0-9. ]+)"', svg)
    path = re.search(r'\bd="([MmHhVvLlZz0-9., -]+)"', svg)
    assert box
    assert path
    return format_html(
        '<svg class="qr-code" role="img" aria-label="QR code" viewBox="{}"><path d="{}" /></svg>',
        box[1],
        path[1],
    )
