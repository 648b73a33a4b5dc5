"""Names as people search for them."""

import unicodedata


def folded(text: str) -> str:
    """`text` without case and accents, its white space single: "  José  O'NEIL" becomes "jose o'neil".

    Letters that Unicode does not take apart (ø, ł, ß apart from case folding) stay as they are.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.casefold().split())
