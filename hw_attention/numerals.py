"""Chinese numerals and their digits, 0 to 99,999,999, in two notations:

    by value        三千零二十五 -> 3025   units 十 百 千 万; one 零 for a gap inside, none at the end
    digit by digit  三〇二五     -> 3025   one sign per digit, 〇 for 0

A mixture of the two (三千〇二五) is not a numeral. Each number has one form in each notation.
"""

LARGEST = 99_999_999
DIGITS = "〇一二三四五六七八九"
ZERO = "零"  # 0 by value
UNITS = "十百千"
MYRIAD = "万"
SIGNS = DIGITS + ZERO + UNITS + MYRIAD


def by_value(number):
    """The numeral of an int by value: 10 is 十, 110 is 一百一十, 100005 is 十万零五. ValueError outside 0..LARGEST."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is outside 0 .. {LARGEST}")
    if number == 0:
        return ZERO
    high, low = divmod(number, 10_000)
    text = below_myriad(low) if low else ""
    if high:
        text = below_myriad(high) + MYRIAD + (ZERO if 0 < low < 1000 else "") + text
    return text[1:] if text.startswith("一十") else text


def below_myriad(number):
    """1 .. 9999 by value; 10 is 一十 here."""
    text, gap = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            text += (
                (ZERO if gap and text else "") + DIGITS[digit] + (UNITS[power - 1] if power else "")
            )
        gap = digit == 0
    return text


def digit_by_digit(number):
    """The numeral of an int, one sign per digit: 2026 is 二〇二六. ValueError outside 0..LARGEST."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"{number} is outside 0 .. {LARGEST}")
    return "".join(DIGITS[int(digit)] for digit in str(number))


def to_number(text):
    """The number (int) of a numeral in either notation. ValueError, with the reason, for anything else."""
    unknown = [sign for sign in text if sign not in SIGNS]
    if not text or unknown:
        raise ValueError(
            f"{text!r} is not a numeral: "
            + (f"{unknown[0]!r} is not one of {SIGNS}" if text else "it is empty")
        )
    if not set(text) - set(DIGITS):
        number = int("".join(str(DIGITS.index(sign)) for sign in text))
        if number > LARGEST:
            raise ValueError(f"{text!r} is not a numeral of this task: it is above {LARGEST}")
        if digit_by_digit(number) != text:
            raise ValueError(f"{text!r} is not a numeral: it must not start with 〇")
        return number
    number = value_of(text)
    if number > LARGEST or by_value(number) != text:
        zero = ", where 0 is 〇" if ZERO in text else ""
        raise ValueError(
            f"{text!r} is not a numeral: write by value (十五, 三千零二十五) or digit by digit (三〇二五){zero}"
        )
    return number


def value_of(text):
    """Sum of digit times unit, whatever the order: right for every numeral by value, arbitrary for other texts."""
    number, digit = 0, None
    for sign in text:
        if sign == MYRIAD:
            number, digit = (number + (digit or 0)) * 10_000, None
        elif sign in UNITS:
            number, digit = (
                number + (1 if digit is None else digit) * 10 ** (UNITS.index(sign) + 1),
                None,
            )
        else:
            digit = DIGITS.index(sign) if sign in DIGITS[1:] else None
    return number + (digit or 0)
