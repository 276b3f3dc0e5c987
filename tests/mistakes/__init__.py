"""Known wrong versions of blanks, each with an id and a hint. Teacher's side only: never in a student copy.

How they are written and registered: course/mistakes.py.
"""
