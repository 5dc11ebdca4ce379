"""`{{ event.actor|in_words }}`: an actor as people know them."""

from django import template

from shop.core.actors import actor_in_words

register = template.Library()
register.filter("in_words", actor_in_words)
