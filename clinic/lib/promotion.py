"""Does a text sound like a promotion? A small table of what promotions say, in English.

It only asks a question, which staff answer: better once too often than once too seldom, but never for what every
clinic writes every day (closing times, a moved clinic, results, "feel free to call").
"""

import re

_MONEY = r"(?:[$£€]\s?\d[\d.,]*|\d[\d.,]*\s?(?:dollars|pounds|euros?|aud|nzd|usd|gbp|eur)\b)"
# What a clinic sells. The clinic itself is not among it: it moves, opens and closes.
_THINGS = (
    r"(?:services?|treatments?|products?|class(?:es)?|programs?|programmes?|packages?|memberships?"
    r"|massages?|facials?|range|therap(?:y|ies)|check-?ups?|consultations?|assessments?|vaccin(?:es?|ations?)|shots?"
    r"|screenings?|workshops?|courses?|plans?|whitening|botox|skin checks?)"
)
_TABLE = [
    # Money off.
    r"\d+ ?(?:%|per ?cent) (?:off|discount|cheaper|saving)",
    rf"{_MONEY} (?:off|discount|cheaper)\b",
    rf"\bsav(?:e|ings?)(?: of)?(?: up to)? (?:{_MONEY}|\d+ ?(?:%|per ?cent))",
    rf"\b(?:only|just|(?:now|starting|prices?) from|for just|from only) {_MONEY}",
    r"\b(?:half|reduced|special|introductory|bargain) (?:price|prices|priced|rates?)\b",
    r"\bdiscount(?:s|ed)?\b",
    r"\b(?:on|summer|winter|spring|autumn|christmas|black friday|stocktake|flash|clearance|our|big) sale\b",
    r"\b(?:\d|two|three|buy one,? get one)[ -]for[ -](?:1|one|the price)\b|\bbuy one,? get\b",
    r"\bpromo(?:s|tions?|tional)?\b",
    r"\b(?:vouchers?|coupons?|gift ?cards?|cash ?back|loyalty|reward points|rewards program(?:me)?)\b",
    # Offers, and what is free. "We offer our apologies" and "feel free" are neither.
    r"\b(?:special|limited|exclusive|great|best|winter|summer|spring|autumn|christmas|welcome|new[ -]patient"
    r"|birthday|opening|early[ -]bird|introductory|intro|this|our|latest|holiday|seasonal|mother'?s day) offers?\b",
    r"\boffers? (?:ends?|expires?|valid|closes?|available|of the)\b",
    r"\b(?:specials|great deals?|best deals?|package deals?|hot deals?|bonus|complimentary|giveaways?)\b",
    rf"(?<!feel )(?<!smoke-)(?<!smoke )\bfree (?:\w+ ){{0,2}}(?:{_THINGS}|trials?|gifts?|samples?|session|quotes?)\b",
    r"\bfree of charge\b(?=.*\b(?:book|try|come)\b)",
    # News of what can be bought.
    r"\b(?:try|discover|experience|enjoy|introducing|presenting|check out) (?:our|the|a|\d+) (?:\w+ ){0,3}"
    rf"{_THINGS}\b",
    r"\bintroducing\b|\b(?:we are|we're) (?:excited|thrilled|proud|delighted|pleased) to "
    r"(?:offer|announce|launch|introduce)\b",
    rf"\b(?:we )?(?:now|also) offer(?:s|ing)?\b(?! (?:our |my )?(?:sincere )?apolog)(?: \w+){{0,3}} {_THINGS}\b",
    rf"\b{_THINGS} (?:are|is|have|has) (?:now )?(?:in(?=\s*(?:[.!?,;:(]|$))|here\b|available\b|arrived\b|in stock\b)",
    rf"\bnew (?:\w+ ){{0,2}}{_THINGS} (?:now )?(?:available|from|with|for you)\b",
    # Be quick.
    r"\blimited (?:time|spots|places|spaces|availability)\b"
    r"|\b(?:spots|places|spaces) (?:are )?(?:limited|filling|going)\b",
    r"\b(?:last chance|hurry|don'?t miss(?! your\b)|while stocks? lasts?|act now|ends (?:soon|tonight|tomorrow|this"
    r" (?:week|month|friday|sunday)))\b",
    r"\b(?:book|buy|order|shop|claim|redeem|sign up|subscribe) (?:now|today|online now|yours)\b"
    r"(?=.*(?:!|\boff\b|\bfree\b|[$£€%]))",
    r"\btreat (?:yourself|your (?:mum|mother|dad|father|partner|skin))\b",
    # Winning, following, recommending.
    r"\b(?:(?:to|and|could|chance to) win|prize(?:s| draw)?|competition|raffle|lucky draw)\b",
    r"\b(?:refer|bring|recommend|tell) (?:us to )?(?:a|your|friends)(?: \w+)? ?(?:friends?|family|mates?)?\b"
    r"(?=.*\b(?:get|earn|receive|free|off|friends?)\b)",
    r"\b(?:leave|write|give|post)(?: us)? (?:a |your )?(?:\w+ )?(?:review|rating|stars)\b"
    r"|\b(?:rate|review) us\b|\bgoogle review\b|\b(?:5|five)[ -]stars?\b",
    r"\b(?:follow|like|find) us on (?:facebook|instagram|tiktok|social)\b|\bnewsletter\b",
    r"\b(?:open (?:day|evening)|free event|join us for|launch party)\b",
]
_PROMOTION = re.compile("|".join(_TABLE), re.IGNORECASE)


def promotional_words(text: str) -> list[str]:
    """What in `text` sounds like a promotion, as it stands there, each once; nothing if it does not."""
    plain = re.sub(r"\s+", " ", text.replace("’", "'"))
    return list(dict.fromkeys(found[0].strip() for found in _PROMOTION.finditer(plain)))
