; SPDX-License-Identifier: MIT
(config_file (body (block . (identifier) @name) @section))
(config_file (body (attribute . (identifier) @name) @variable))
