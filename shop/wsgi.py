"""WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.base")

application = get_wsgi_application()

# What is loaded by now stays loaded, and a request leaves next to nothing that only the collector could find: it need
# not look through hundreds of objects several times in every request.
gc.freeze()
gc.set_threshold(20_000, 20, 20)
