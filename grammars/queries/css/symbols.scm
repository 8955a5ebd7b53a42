; SPDX-License-Identifier: MIT
(rule_set (selectors) @name) @section
(keyframes_statement (keyframes_name) @name) @section
