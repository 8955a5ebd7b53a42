; SPDX-License-Identifier: MIT
(call target: (identifier) @_kind (arguments . (alias) @name)
  (#any-of? @_kind "defmodule" "defimpl")) @module
(call target: (identifier) @_kind (arguments . (alias) @name) (#eq? @_kind "defprotocol")) @interface
(call target: (identifier) @_kind (arguments . (call target: (identifier) @name))
  (#any-of? @_kind "def" "defp")) @function
(call target: (identifier) @_kind (arguments . (identifier) @name)
  (#any-of? @_kind "def" "defp")) @function
(call target: (identifier) @_kind (arguments . (binary_operator left: (call target: (identifier) @name)))
  (#any-of? @_kind "def" "defp")) @function
(call target: (identifier) @_kind (arguments . (call target: (identifier) @name))
  (#any-of? @_kind "defmacro" "defmacrop")) @macro
