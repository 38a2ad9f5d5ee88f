"""What a front end and the engine say to each other: a snapshot, events and commands.

The wire is a Unix stream socket that carries one JSON object a line, UTF-8. A front end speaks
first (`Hello`), the engine answers `Welcome` (which holds a `Snapshot`, unless the front end could
be caught up from the sequence number it named) or `Refused`, and from then on the engine sends
`Event` lines and one `Reply` for each `CommandLine`. Times are seconds since the epoch.

Every model is frozen and refuses unknown fields: both ends are one version of one program, and
`Welcome.protocol` is compared before anything else is read.

`greeting` begins a connection; what either side writes from then on is in `server_lines`, made of
`events`, and in `client_lines`, made of `commands`. Only the engine needs every command: a front
end loads those that it sends, and nothing is loaded with this package itself.
"""
