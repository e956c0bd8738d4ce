import { create, createFileRegistry, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSetSchema,
  type DescriptorProtoSchema,
  type FieldDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * The messages of Sparkplug B (Eclipse Sparkplug 3.0, appendix "Google Protocol Buffers schema"), declared anew as
 * far as readings need them; proto2, package `org.eclipse.tahu.protobuf`. What is left out here (data sets,
 * templates) is passed over by the decoder.
 */
const packageName = 'org.eclipse.tahu.protobuf';

type Field = MessageInitShape<typeof FieldDescriptorProtoSchema>;
type Message = MessageInitShape<typeof DescriptorProtoSchema>;

function field(name: string, number: number, type: Type, more: Field = {}): Field {
  return { name, number, type, label: Label.OPTIONAL, ...more };
}

function nested(name: string, number: number, message: string, label: Label = Label.OPTIONAL): Field {
  return { name, number, type: Type.MESSAGE, typeName: `.${packageName}.${message}`, label };
}

const propertyValue: Message = {
  name: 'PropertyValue',
  oneofDecl: [{ name: 'value' }],
  field: [
    field('type', 1, Type.UINT32),
    field('is_null', 2, Type.BOOL),
    field('string_value', 8, Type.STRING, { oneofIndex: 0 }),
  ],
};

const propertySet: Message = {
  name: 'PropertySet',
  field: [
    field('keys', 1, Type.STRING, { label: Label.REPEATED }),
    nested('values', 2, 'PropertyValue', Label.REPEATED),
  ],
};

const metric: Message = {
  name: 'Metric',
  oneofDecl: [{ name: 'value' }],
  field: [
    field('name', 1, Type.STRING),
    field('alias', 2, Type.UINT64),
    field('timestamp', 3, Type.UINT64),
    field('datatype', 4, Type.UINT32),
    field('is_historical', 5, Type.BOOL),
    field('is_transient', 6, Type.BOOL),
    field('is_null', 7, Type.BOOL),
    nested('properties', 9, 'PropertySet'),
    field('int_value', 10, Type.UINT32, { oneofIndex: 0 }),
    field('long_value', 11, Type.UINT64, { oneofIndex: 0 }),
    field('float_value', 12, Type.FLOAT, { oneofIndex: 0 }),
    field('double_value', 13, Type.DOUBLE, { oneofIndex: 0 }),
    field('boolean_value', 14, Type.BOOL, { oneofIndex: 0 }),
    field('string_value', 15, Type.STRING, { oneofIndex: 0 }),
  ],
};

const payload: Message = {
  name: 'Payload',
  field: [
    field('timestamp', 1, Type.UINT64),
    nested('metrics', 2, 'Metric', Label.REPEATED),
    field('seq', 3, Type.UINT64),
    field('uuid', 4, Type.STRING),
    field('body', 5, Type.BYTES),
  ],
};

/** The schema of a payload, for `fromBinary` and `toBinary`. */
export const payloadSchema: DescMessage = makeSchema();

function makeSchema(): DescMessage {
  const files = create(FileDescriptorSetSchema, {
    file: [
      {
        name: 'sparkplug_b.proto',
        package: packageName,
        syntax: 'proto2',
        messageType: [propertyValue, propertySet, metric, payload],
      },
    ],
  });
  const schema = createFileRegistry(files).getMessage(`${packageName}.Payload`);
  if (!schema) throw new TypeError('the schema of Sparkplug does not hold together');
  return schema;
}
