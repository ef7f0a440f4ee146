"""Kind `ogc`: features with places, by OGC API Features or WFS 2.0."""
