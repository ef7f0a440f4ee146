"""Where files are dropped: a folder, an SFTP server, an HTTPS server."""
