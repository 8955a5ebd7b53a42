; SPDX-License-Identifier: MIT
(rule (targets) @name) @function
(variable_assignment name: (word) @name) @variable
(shell_assignment name: (word) @name) @variable
(define_directive name: (word) @name) @macro
