"""What the staff of a clinic would remember of who said what: in plain Python, and without asking the product."""

from dataclasses import dataclass, field, replace

HUMAN = {"staff", "import", "sms_stop", "carrier"}


@dataclass(frozen=True)
class Word:
    """One entry of a patient's history. `source` is where the preference comes from, an undo's is an older one."""

    accepts: bool
    event_source: str
    source: str
    batch: int | None = None


@dataclass
class Person:
    number: str
    words: list[Word]
    active: bool = True

    @property
    def accepts(self) -> bool:
        return self.words[-1].accepts

    def chose(self) -> bool:
        return any(word.event_source in HUMAN for word in self.words)

    def say(self, accepts: bool, source: str, batch: int | None = None) -> None:
        self.words.append(Word(accepts, source, source, batch))


@dataclass
class Memory:
    people: dict[int, Person] = field(default_factory=dict)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    default: bool = False

    def on(self, number: str) -> list[Person]:
        return [person for person in self.people.values() if number and person.number == number]

    def may_get_marketing(self, person: Person) -> bool:
        household = [other for other in self.on(person.number) if other.active]
        return (
            person.active
            and bool(person.number)
            and not any(number == person.number for number, _ in self.blocks)
            and all(other.accepts for other in household)
        )

    def stop(self, number: str, covers: str, source: str) -> None:
        everybody = self.on(number)
        if (number, covers) not in self.blocks or any(person.accepts for person in everybody):
            for person in everybody:
                person.say(False, source)
        self.blocks.add((number, covers))

    def apply(self, accept: bool, scope: str, batch: int) -> "Plan":
        word = Word(accept, "bulk_default", "bulk_default", batch)
        meant = {
            pk: word
            for pk, person in self.people.items()
            if person.accepts != accept and (scope == "everyone" or not person.chose())
        }
        return self._plan(batch, meant)

    def undo(self, batch: int, undo: int) -> "Plan":
        meant = {
            pk: replace(person.words[-2], event_source="undo", batch=undo)
            for pk, person in self.people.items()
            if person.words[-1].batch == batch
        }
        return self._plan(undo, meant)

    def carry_out(self, plan: "Plan") -> None:
        self.slice(plan, len(self.people))

    def slice(self, plan: "Plan", patients: int) -> bool:
        """The next so many patients have their turn; whether that was all. Who said something else is passed over."""
        turn = [pk for pk in sorted(self.people) if plan.position < pk <= plan.last][:patients]
        for pk in turn:
            person = self.people[pk]
            if pk in plan.meant and len(person.words) == plan.words[pk]:
                person.words.append(plan.meant[pk])
        plan.position = turn[-1] if turn else plan.last
        return plan.position == plan.last

    def _plan(self, batch: int, meant: dict[int, Word]) -> "Plan":
        words = {pk: len(person.words) for pk, person in self.people.items()}
        return Plan(batch, meant, words, last=max(self.people, default=0))


@dataclass
class Plan:
    """A change of all patients as it was begun: the new word of each who is meant, and how many words all had."""

    batch: int
    meant: dict[int, Word]
    words: dict[int, int]
    last: int
    position: int = 0
