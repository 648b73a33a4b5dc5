"""What a reply means: an opt-out, an opt-in, a cry for help, perhaps an opt-out, or an ordinary reply.

Three circles, from certain to doubtful. One of Twilio's words that stands alone is acted upon, as Twilio does. So is
an opt-out in other plain words, if nothing but politeness stands beside it. A longer reply that looks like a refusal
is shown to staff, who decide. Whatever patients say of an appointment or a treatment stays an ordinary reply.
"""

import re
import unicodedata
from collections.abc import Sequence

from sms.models.inbound import ReplyKind

# Source: https://help.twilio.com/articles/223134027
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})

# Words that stay an opt-out in company, and how thumbs misspell them. "Cancel", "end", "quit" and "revoke" are not
# among them: with a word more, a patient may mean the appointment, the course of tablets or smoking.
# The French word is Twilio's, too: https://www.twilio.com/docs/proxy/opt-out-keywords
_PLAIN_WORD = re.compile(
    r"s+t+o+p+|sotp|stpo|tsop|st0p|stopall|arrett?e?"
    r"|unsubscri(?:be|b|bed|ve)|unsubcribe|unsuscribe|unsubscibe|unsub|optouts?"
)
_POLITE = frozenset(
    {"please", "pls", "plz", "plse", "thanks", "thank", "you", "u", "thx", "ty", "cheers", "kindly"}
    | {"hi", "hello", "hey", "sorry", "now", "ok", "okay"}
)
_OBJECTS = frozenset({"me", "us", "from", "this", "these", "it", "all", "everything"})
_TEXTS = r"(?:(?:text |sms )?(?:messages?|msgs?)|texts?|txts?|sms|smss|texting|messaging|spam|spamming)"
_PLAIN_PHRASE = re.compile(
    rf"opt (?:me |us )?out(?: (?:of )?(?:all |these |your )?{_TEXTS})?"
    rf"|no (?:more )?(?:of )?(?:your |these |the )?{_TEXTS}"
    rf"|(?:stop|unsubscribe|unsub)(?: me| us)?(?: from)?(?: all| the| these| your| this| those)? {_TEXTS}"
    r"|un subscribe(?: me| us)?"
)

# What a clinic's texts are called by those who do not want them.
_CONTENT = (
    rf"(?:{_TEXTS}|contacting|contacted|texted|messaged|bothering|harassing|pestering|annoying|reminders?"
    r"|promos?|promotions?|promotional|offers?|ads?|adverts?|advertising|marketing|stuff|subscription)"
)
_PHONE = r"(?:number|phone|mobile)"
_ME = rf"(?:me|us|him|her|them|this {_PHONE}|my {_PHONE}|here|again|any ?more|ever)"
_MINE = r"(?:me|us|my (?:number|name|phone|mobile|details|data|info)|this (?:number|phone)|our (?:number|details))"
_DONT = r"(?:dont|do not|never|not to)"
_NOT = r"(?<!dont )(?<!not )(?<!never )(?<!didnt )(?<!cant )(?<!wont )"
# Lists that have nothing to do with texts, and "from the 3pm".
_NO_WAITING_LIST = r"(?!.* (?:wait|waiting|cancellation|standby|\d+ ?[ap]m)\b)"

_REFUSALS = [
    # To stop, as said of texts. "Can I stop taking ..." and "the bus stop" are something else.
    rf"{_NOT}\b(?:stop|cease|quit|end|cancel) (?:\w+ ){{0,3}}{_CONTENT}\b",
    rf"{_NOT}(?<!\bi )(?<!\bwe )\bstop sending\b(?! (?:the|my) )",
    r"\bstop (?:getting|receiving) (?:these|this|those|them)\b",
    r"\b(?:please|pls|plz|just) stop\b(?! (?:by|in|at|over|off|for|my|taking|the (?!texts|messages|sms)))",
    r"\bstop (?:please|pls|plz)\b|\bsaid (?:to )?stop\b",
    r"^stop\b(?! (?:by|in|at|over|off|for|my|taking|the|is|near|on|light|sign)\b)",
    rf"\b{_CONTENT} (?:to |must |should |need to |have to |has to )?stop\b",
    # Too much of it.
    rf"\b(?:no|enough|too many|sick of|tired of|fed up with)\b(?: \w+){{0,3}} {_CONTENT}\b"
    r"(?! (?:needed|necessary|required|received|came|yet))",
    r"\b(?:why|keep|still)\b(?: \w+){0,3} (?:texting|messaging|contacting) me\b",
    # Never to text again.
    rf"\b{_DONT} (?:ever |please |you dare )?(?:text|txt|message|msg|contact|sms|spam|bother|write|send|disturb)"
    rf" (?:to )?{_ME}\b(?! (?:the|my|a) )",
    rf"\b{_DONT} (?:ever )?send (?:\w+ ){{0,3}}(?:{_CONTENT}|anything|these|any ?more|again)\b",
    r"\b(?:dont|do not|never|no longer|didnt|did not) (?:want|wish|need|like|ask for|sign up|signed up)\b"
    rf"(?: \w+){{0,5}} (?:{_CONTENT}|these)\b",
    r"\bnever (?:signed|asked|agreed|subscribed|consented)\b",
    r"\bnot interested\b(?! in (?:the|a) )",
    # To be taken off a list.
    rf"\b(?:take|remove|delete|get|erase) {_MINE}\b{_NO_WAITING_LIST}"
    r"(?: off\b| from\b| out\b|$| now\b| please\b| pls\b| immediately\b)",
    rf"\b(?:be|get|been) (?:removed|taken off|deleted)\b{_NO_WAITING_LIST}|^remove$",
    rf"{_NOT}\b(?:unsubscri\w*|unsubcri\w*|unsuscri\w*|unsub|optout|opt(?:ed|ing)? (?:\w+ )?out)\b",
    r"\b(?:withdraw|revoke|retract) (?:my |all |the )?(?:consent|permission)\b",
    r"\b(?:dont|do not|never|no) (?:give |gave |have |had )?(?:you |u )?(?:my )?(?:consent|permission) "
    r"(?:to|for|from) (?:be |being )?(?:text|contact|messag|sms|market)",
    # Somebody else's phone.
    r"(?<!gave you the )\bwrong (?:number|num|no|person|phone|contact|patient|guy|lady)\b",
    rf"\b(?:not|isnt|no longer) (?:(?!your|the)\w+ )?{_PHONE} any ?more\b",
    rf"\b(?:this isnt|(?:this|it) is not|its not|this is no longer) (?!your|the|our|my new|a )\w+ {_PHONE}\b",
    rf"\b(?:doesnt|does not) (?:belong to|have (?:this|that)) .*\b(?:{_PHONE}|any ?more)\b",
    r"\b(?:no ?one|nobody) (?:by|of|with|called) (?:that|this) name\b|\bnobody called \w+ here\b",
    r"\b(?:dont know|do not know|never heard of) (?:any ?one|anybody)\b",
    rf"\b(?:how|where) (?:did|do|have) (?:you|u) (?:get|got|find|have) (?:my|this) {_PHONE}\b",
    # Anger.
    r"\b(?:leave (?:me|us) (?:alone|be)|lose my number|go away|get lost|(?:piss|fuck|bugger|sod|eff|f) off)\b",
    r"\b(?:blocking|block|report|reporting|reported) (?:you|u|this number|this as|this spam)\b",
    r"^(?:this is )?(?:just )?(?:spam|junk|harassment)\b",
]
_REFUSAL = re.compile("|".join(_REFUSALS))


def kind_of(reply: str) -> ReplyKind:
    """What `reply` asks for. STOP, START and HELP are acted upon; MAY_BE_STOP waits for a person."""
    words = _words(reply)
    alone = "".join(words)
    if alone in STOP_WORDS or _is_plain_stop(words):
        return ReplyKind.STOP
    if alone in START_WORDS:
        return ReplyKind.START
    if alone in HELP_WORDS:
        return ReplyKind.HELP
    return ReplyKind.MAY_BE_STOP if _looks_like_a_refusal(reply) else ReplyKind.OTHER


def _words(text: str) -> list[str]:
    """`text` without its dress: case, width, accents, punctuation, emoji. "Don't" is one word, "dont"."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in folded if unicodedata.category(char) not in {"Mn", "Cf"})
    return re.findall(r"[^\W_]+", re.sub(r"['’‘`´]", "", bare))


def _is_plain_stop(words: Sequence[str]) -> bool:
    """An opt-out and nothing besides, but for "please", "thanks" and the like."""
    said = [word for word in words if word not in _POLITE]
    if not said:
        return False
    # "Stop it all" is one, "it all stop" is no sentence.
    if _PLAIN_WORD.fullmatch(said[0]) and all(
        word in _OBJECTS or _PLAIN_WORD.fullmatch(word) for word in said
    ):
        return True
    return bool(_PLAIN_PHRASE.fullmatch(" ".join(said)) or _PLAIN_WORD.fullmatch("".join(said)))


def _looks_like_a_refusal(reply: str) -> bool:
    """One of its sentences is a plain opt-out, or something in it reads like a refusal."""
    sentences = (_words(sentence) for sentence in re.split(r"[.!?,;:\n]|\s-+\s|[–—]", reply))
    return any(map(_is_plain_stop, sentences)) or bool(_REFUSAL.search(" ".join(_words(reply))))
