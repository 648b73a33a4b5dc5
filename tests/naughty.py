"""What people type, paste and send that programs trip over. Our own list, after the kinds of things in the
"Big List of Naughty Strings" (github.com/minimaxir/big-list-of-naughty-strings, MIT) and in Unicode's annexes."""

NAMES = {
    "cyrillic": "Александра Щербакова",
    "greek": "Ευαγγελία Παπαδοπούλου",
    "arabic": "فاطمة الزهراء",
    "hebrew": "יעל בן־דוד",
    "hindi": "श्रेया त्रिपाठी",
    "thai": "ณัฐธิดา ศรีสุวรรณ",
    "chinese": "欧阳娜娜",
    "vietnamese": "Nguyễn Thị Ánh Nguyệt",
    "turkish": "İpek Işık",
    "quotes": 'O\'Brien-"Smith" & `Söhne`',
    "joined emoji": "👩‍👩‍👧‍👦 Familie 🏳️‍🌈 👨🏿‍⚕️",
    "stacked marks": "Z̸̡̛͖̦͙͔̤̩̭̲͇ͥ̃̏̈́̓́ͧ̚ͅa̴̢̛͎̳̫͚ͨ̂ͩͯ̕l̵̤̇g̶̫͗o̸͙͒",
    "markup": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "entity": "&lt;b&gt; &amp;amp; &#x27;",
    "template": "{{ 7|add:7 }}{% now 'Y' %}",
    "format": "%s %d %(x)s {0}",
    "formula": '=HYPERLINK("http://x.example","click")',
    "plus": "+1+1",
    "minus": "-1+1",
    "at": "@SUM(A1)",
    "statement": "Robert'); DROP TABLE patients_patient;--",
    "path": "../../etc/passwd\\..\\",
    "one long word": "W" * 60,
    "mirrored": "abc\u202eסוף\u202c def",  # right-to-left override
    "marked": "\u200fمريم\u200f \u2067x\u2069",
    "null": "null",
    "number": "1e309",
    "ligatures": "ﬃ ß ſ İ ŉ ﷺ",
}

TEXTS = NAMES | {
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe",
    "line ends": "one\r\ntwo\rthree\nfour\u2028five\u2029six\u0085seven",
    "nul": "a\0b",
    "controls": "a\x01\x08\x0b\x1b[31m\x7f\x9fb",
    "not characters": "a\ufffe\uffff\U0010ffffb",
    "blanks alone": " \u00a0\u3000\t",
    "ten thousand": "x" * 10_000,
    "ten thousand digits": "9" * 10_000,
    "ten thousand joined": "👩‍👩‍👧‍👦" * 1_429,
    "arabic digits": "٠٤١٢٣٤٥٦٧٨",
    "power of two": str(2**63),
    "below zero": "-1",
    "date beyond": "99999-12-31",
    "the first day": "0001-01-01",
    "time of day": "24:61",
    "json": '{"a": [1e999]}',
}

# Half of a pair, as a broken client sends it: in UTF-8 no such thing exists, so it is bytes of a body.
LONE_SURROGATE = b"a%ED%A0%80b"

# For fields of a kind: what belongs there by its look, and is none.
ADDRESSES = {
    "longer than a column": f"{'a' * 64}@{'.'.join(['b' * 63] * 3)}.example",
    "cyrillic address": "ада@пример.рф",
    "capitals": "Ada@EXAMPLE.example",
    "two lines": "ada@clinic.example\nBcc: all@clinic.example",
}
NUMBERS = {
    "infinite": "1e309",
    "no number": "NaN",
    "without end": "-Infinity",
    "grouped": "1_000",
    "power of two": str(2**63),
    "one too many": str(2**31),
    "below zero": "-1",
    "a fraction": "0.00000000001",
    "arabic digits": "٠٤",
}
DAYS = {
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "date beyond": "99999-12-31",
    "no such day": "2027-02-30",
    "arabic digits": "٢٠٢٧-٠١-٠١",
}
TIMES = {"time of day": "24:61", "fraction": "23:59:59.9999999", "arabic digits": "٠٤:٠٠"}
MOMENTS = {
    "the first moment": "0001-01-01T00:00",
    "the last moment": "9999-12-31T23:59",
    "with a zone": "2026-12-03T09:30+99:00",
    "in a gap": "2027-10-03T02:30",
}
# For fields of every kind but text: what is none of them.
NOT_MEASURES = {
    "ten thousand digits": "9" * 10_000,
    "nul": "1\0",
    "markup": "<script>alert(1)</script>",
    "blanks alone": " \u00a0\u3000\t",
    "cyrillic": "Александра",
}
