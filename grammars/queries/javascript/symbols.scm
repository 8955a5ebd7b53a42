; inherits: ecma
; SPDX-License-Identifier: MIT
(class_body member: (field_definition property: (property_identifier) @name) @field)
