; SPDX-License-Identifier: MIT
(call target: (identifier) @_kind (#any-of? @_kind "def" "defp" "defmacro" "defmacrop" "test")) @function
(call target: (identifier) @_kind (#any-of? @_kind "defmodule" "defprotocol" "defimpl" "describe")) @module
(anonymous_function) @function
[(do_block) (else_block) (rescue_block) (after_block) (catch_block) (body)] @block
