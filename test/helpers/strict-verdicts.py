"""Reads a JSON list of OpenMetrics expositions from the standard input, and prints for each why Python's parser refuses it, or null."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def verdict(exposition):
    try:
        list(text_string_to_metric_families(exposition))
    except ValueError as error:
        return str(error)
    return None


json.dump([verdict(exposition) for exposition in json.load(sys.stdin)], sys.stdout)
