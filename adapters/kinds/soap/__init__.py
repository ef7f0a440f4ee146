"""Kind `soap`: SOAP 1.1 and 1.2 over HTTP, by a template and XPath."""
