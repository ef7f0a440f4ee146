"""`pyiso20022` (classes generated from ISO's schemas), run in its own environment.

Reads tasks from stdin, {"message": "pain.001.001.09", "data": {…}} by the names of the elements, and answers
each with the document in XML; a member that the schema does not have ends the program.
"""

import json
import sys
from importlib import import_module

from xsdata.formats.dataclass.parsers import DictDecoder
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import XmlSerializer

DECODER = DictDecoder(config=ParserConfig(fail_on_unknown_properties=True, fail_on_converter_warnings=True))

for line in sys.stdin:
    task = json.loads(line)
    module = task["message"].replace(".", "_")
    classes = import_module(f"pyiso20022.{module[:4]}.{module}")
    document = DECODER.decode(task["data"], classes.Document)
    space = f"urn:iso:std:iso:20022:tech:xsd:{task['message']}"
    sys.stdout.write(json.dumps(XmlSerializer().render(document, ns_map={"doc": space})) + "\n")
    sys.stdout.flush()
