"""Netting: which obligations of a cycle settle, by pure rules over integers.

`queue` has the data form, `positions` the nets, `strict` the rule that keeps each debtor's order, `best` a set with the
order free, `prices` the upper bound that anybody computes from its answer, and `exact` the optimum of small queues.
This package needs numpy; nothing else of the rules does, so only its users import it.
"""
