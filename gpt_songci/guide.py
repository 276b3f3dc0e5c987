"""Guided writing: the model chooses the characters, the tune says what kind of character goes where.

A poem is written along a plan, the form of its tune (see tunes.py): "######A。\\n" and so on. At each position
`model.guide_logits` gives -inf to what the plan forbids, so the model draws from its own distribution over the rest:

- at `#` any Chinese character, at a mark that mark, after the last line an empty one;
- at a rhyme position a character of the rhyme group that the first position of this letter got, never a rhyme word of this
  poem again. The first one may choose among the groups that training poems use there and that have words enough left.

A text cannot run into a dead end: at every position the plan can be completed.
"""

import torch
from cli import UserError
from model import guide_logits
from tunes import is_chinese

WISH = 2.0  # nats that a character of the wrong tone loses with --tones soft


class Guide:
    """Follows B poems along their plans: `guide(logits)` before each draw, `guide.write(tokens)` after it."""

    def __init__(self, tunes, characters, plans, device="cpu", tones=False):
        """plans: B plans. tones: whether a wrong tone costs WISH nats where the tune fixes the tone."""
        self.plans, self.tones, self.step = plans, tones, 0
        self.length = max(len(plan.form) for plan in plans) + 1  # and an empty line
        number_of = {char: n for n, char in enumerate(characters)}
        V = len(characters)
        marks = {char for plan in plans for char in plan.form if char not in plan.groups}
        marks = sorted(marks | {"#", "\n"})
        self.row = {mark: n for n, mark in enumerate(marks)}  # of `kinds`
        kinds = torch.zeros(len(marks), V, dtype=torch.bool)  # which characters fit there
        for mark, n in self.row.items():
            if mark != "#" and mark not in number_of:
                raise UserError(f"the tune needs {mark!r}, which the model does not know")
            allowed = (
                map(is_chinese, characters) if mark == "#" else (c == mark for c in characters)
            )
            kinds[n] = torch.tensor(list(allowed))
        rhymes = torch.zeros(V, dtype=torch.long)
        for group, chars in enumerate(tunes["rhymes"], 1):
            rhymes[[number_of[char] for char in chars if char in number_of]] = group
        self.size = torch.bincount(rhymes, minlength=len(tunes["rhymes"]) + 1).tolist()
        sign = torch.tensor(
            [float(char in tunes["level"]) - (char in tunes["oblique"]) for char in characters]
        )
        self.kinds, self.rhymes, self.sign = kinds.to(device), rhymes.to(device), sign.to(device)
        self.used = torch.zeros(len(plans), V, dtype=torch.bool, device=device)
        self.chosen = [{} for _ in plans]  # letter -> group; -1: no group has words enough
        self.words = [[] for _ in plans]  # tokens of the rhyme words
        self.left = [
            {letter: plan.form.count(letter) for letter in plan.groups} for plan in plans
        ]  # rhyme positions that are not yet written
        self.score = torch.zeros(len(plans), device=device)
        self.free = torch.zeros(len(plans), device=device)

    def slot(self, row):
        """The character of a poem's plan at this step; "\\n" behind its end."""
        form = self.plans[row].form
        return form[self.step] if self.step < len(form) else "\n"

    def open_groups(self, row, letter):
        """Groups that the first rhyme word of a letter may have: enough words must be left for all its positions. If no
        group of the plan has enough, all that have."""
        chosen, left = self.chosen[row], self.left[row]
        used = [0] * len(self.size)
        for token in self.words[row]:
            used[self.rhymes[token]] += 1
        for other, group in chosen.items():
            if group > 0:
                used[group] += left[other]
        every = range(1, len(self.size))
        enough = [group for group in every if self.size[group] - used[group] >= left[letter]]
        return [group for group in self.plans[row].groups[letter] if group in enough] or enough

    def __call__(self, logits):
        """logits (B, V) of the model -> the logits to draw from."""
        self.logits = logits
        positions = [self.slot(row) for row in range(len(self.plans))]
        rows = [self.row.get(position, self.row["#"]) for position in positions]
        fits = self.kinds[torch.tensor(rows, device=logits.device)]
        wanted = torch.full((len(positions),), -1)
        for row, letter in enumerate(positions):
            if letter not in self.plans[row].groups:
                continue
            if letter not in self.chosen[row]:
                groups = self.open_groups(row, letter)
                if groups:
                    fits[row] &= torch.isin(self.rhymes, torch.tensor(groups, device=logits.device))
                else:
                    self.chosen[row][letter] = -1
            wanted[row] = self.chosen[row].get(letter, 0)
        if self.tones:
            wish = torch.tensor(
                [self.tone(row) for row in range(len(positions))], device=logits.device
            )
            logits = logits - WISH * (wish[:, None] * self.sign < 0)
        return guide_logits(logits, fits, self.rhymes, wanted.to(logits.device), self.used)

    def tone(self, row):
        """1 for a level position, -1 for an oblique one, 0 else."""
        tones = self.plans[row].tones
        return {"平": 1.0, "仄": -1.0}.get(tones[self.step] if self.step < len(tones) else "", 0.0)

    def write(self, tokens):
        """tokens (B,): the characters that were drawn."""
        chance = torch.log_softmax(self.logits.float(), -1).gather(-1, tokens[:, None])[:, 0]
        for row, token in enumerate(tokens.tolist()):
            letter = self.slot(row)
            if letter in self.plans[row].groups and self.chosen[row].get(letter) != -1:
                self.chosen[row][letter] = int(self.rhymes[token])
                self.left[row][letter] -= 1
                self.used[row, token] = True
                self.words[row].append(token)
            if letter.isalpha() or letter == "#":
                self.score[row] += chance[row]
                self.free[row] += 1
        self.step += 1

    def likelihood(self):
        """(B,) mean log-probability, by the model without the plan, of the characters that the plan left open."""
        return self.score / self.free.clamp(min=1)


def best_of(likelihood, count):
    """Rows with the largest likelihood among each `count` neighbours: (B / count,) long."""
    groups = likelihood.view(-1, count)
    return groups.argmax(1) + count * torch.arange(len(groups), device=groups.device)
